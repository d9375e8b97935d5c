/*
 * What public_read.c and public_write.c have in common: the call goes to the kernel first, unless a
 * hint says that it would be refused. Refused calls continue in rescue.h.
 *
 * A new call of this kind needs a row in transfers.h and a use of one of these two macros. `nr` is
 * the system call's number; `fd`, `buf` and `n`, or `fd`, `iov` and `n`, are parameters. `at` is
 * the offset, in bytes; it is ignored where the call moves the description's offset (`implied`).
 */
#ifndef DIOSHIM_PUBLIC_TRANSFER_H
#define DIOSHIM_PUBLIC_TRANSFER_H

#include "hint.h"
#include "pass.h"
#include "public.h"
#include "real.h"
#include "rescue.h"
#include "transfers.h"

#define WRITES(nr) (!!(transfer_takes(nr) & TRANSFER_WRITE))
#define IMPLIED(nr) (!(transfer_takes(nr) & TRANSFER_OFFSET))
#define UNPARENTHESISED(...) __VA_ARGS__

/* Defines do_<kind>(next, ...): the call with one buffer, where `next` is the next definition. */
#define BUFFER_TRANSFER(kind, nr, at, parameters, arguments) \
	/* On a number that is known to be direct. */ \
	COLD ssize_t direct_##kind(call_##kind *next, UNPARENTHESISED parameters) \
	{ \
		int before = errno_before(); \
		struct pass p; \
		ssize_t ret; \
\
		if (hint_refuses(fd, (uintptr_t)buf, n, at)) { \
			cancellation_point(); \
			if (rescue_predicted(nr, fd, buf, n, at, &ret)) \
				return ret; \
		} \
		pass_begin(&p, fd, IMPLIED(nr)); \
		ret = pass_end(&p, WRITES(nr), IMPLIED(nr) ? -1 : at, next arguments); \
		if (WRITES(nr) && !IMPLIED(nr) && unlikely(p.met) && ret > 0) \
			rescue_once_more(fd, buf, n, at, p.generation); \
		if (ret > 0 || !n) \
			return ret; \
		return rescue_refused(nr, fd, buf, n, at, before, p.generation, ret); \
	} \
\
	HOT ssize_t do_##kind(call_##kind *next, UNPARENTHESISED parameters) \
	{ \
		int before; \
		ssize_t ret; \
\
		if (unlikely(hint_get(fd))) \
			return direct_##kind(next, UNPARENTHESISED arguments); \
		before = errno_before(); \
		ret = next arguments; \
		return likely(ret > 0 || !n) ? ret \
					     : rescue_refused(nr, fd, buf, n, at, before, 0, ret); \
	}

/* The call `call` with an iovec array. An expression; only the public functions use it. */
#define VECTOR_TRANSFER(nr, call, implied, at, flags) \
	({ \
		int before_ = errno_before(); \
		struct pass p_; \
		bool direct_ = hint_get(fd); \
		ssize_t ret_; \
\
		if (unlikely(direct_)) \
			pass_begin(&p_, fd, implied); \
		ret_ = call; \
		if (unlikely(direct_)) \
			ret_ = pass_end(&p_, WRITES(nr), (implied) ? -1 : (int64_t)(at), ret_); \
		likely(ret_ > 0) ? ret_ \
				 : rescue_refused_vector(nr, fd, iov, count, at, flags, before_, \
							 direct_ ? p_.generation : 0, ret_); \
	})

#endif
