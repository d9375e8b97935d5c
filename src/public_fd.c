/*
 * dup, close, fcntl and their variants: what is known of a descriptor follows its number, and no
 * number ends in the middle of a call on it.
 *
 * The shim would work without the first, since a wrong hint costs a system call and nothing else.
 */
#include <stdarg.h>

#include "description.h"
#include "flags.h"
#include "hint.h"
#include "number.h"
#include "public.h"
#include "public_fd.h"
#include "real.h"
#include "refused.h"
#include "sys.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static int duplicated(int from, int to)
{
	if (to >= 0)
		description_copied(from, to);
	return to;
}

/* The kernel has chosen a number that was free. */
static int duplicated_anew(int from, int to)
{
	struct number_ending e;
	bool ending = to >= 0 && number_take_over(to, &e);

	duplicated(from, to);
	if (ending)
		number_end_finish(&e, false);
	return to;
}

COLD int change_flags(call_fcntl *next, int fd, int cmd, void *arg)
{
	struct flags_change c;
	int ret;

	flags_begin(&c, fd);
	ret = unlikely(refused_buffered) ? refused_set_flags(next, fd, (int)(intptr_t)arg)
					 : next(fd, cmd, arg);
	flags_end(&c, ret ? -1 : (int)(intptr_t)arg);
	return ret;
}

int fd_control(call_fcntl *next, int fd, int cmd, void *arg)
{
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		return duplicated_anew(fd, next(fd, cmd, arg));
	if (unlikely(cmd == F_SETFL && (hint_get(fd) || ((int)(intptr_t)arg & O_DIRECT))))
		return change_flags(next, fd, cmd, arg);
	if (unlikely(cmd == F_GETFL && hint_get(fd)))
		return flags_shown(fd, next(fd, cmd, arg));
	return next(fd, cmd, arg);
}

/*
 * Some commands take no third argument; then this fetches whatever is in its place, as the C
 * library itself does (sysdeps/unix/sysv/linux/fcntl64.c), and the kernel ignores it.
 */
#define PUBLIC_fcntl(symbol) \
	PUBLIC int symbol(int fd, int cmd, ...) \
	{ \
		va_list ap; \
		void *arg; \
\
		va_start(ap, cmd); \
		arg = va_arg(ap, void *); \
		va_end(ap); \
		return fd_control(real.symbol, fd, cmd, arg); \
	}

#define PUBLIC_fcntl_off32 PUBLIC_fcntl

int fd_duplicate(call_dup *next, int fd)
{
	return duplicated_anew(fd, next(fd));
}

#define PUBLIC_dup(symbol) \
	PUBLIC int symbol(int fd) \
	{ \
		return fd_duplicate(real.symbol, fd); \
	}

/* `call` ends the number `to`, unless both are the same; then it does nothing (dup(2)). */
#define DUPLICATE_ONTO(from, to, call) \
	({ \
		struct number_ending e_; \
		bool ends_ = (from) != (to) && number_watched(to); \
		int ret_; \
\
		if (unlikely(ends_)) \
			number_end_begin(&e_, (unsigned)(to), (unsigned)(to)); \
		ret_ = duplicated(from, call); \
		if (unlikely(ends_)) \
			number_end_finish(&e_, false); \
		ret_; \
	})

int fd_duplicate_onto(call_dup3 *next, int from, int to, int flags)
{
	return DUPLICATE_ONTO(from, to, next(from, to, flags));
}

#define PUBLIC_dup2(symbol) \
	PUBLIC int symbol(int from, int to) \
	{ \
		return DUPLICATE_ONTO(from, to, real.symbol(from, to)); \
	}

#define PUBLIC_dup3(symbol) \
	PUBLIC int symbol(int from, int to, int flags) \
	{ \
		return fd_duplicate_onto(real.symbol, from, to, flags); \
	}

COLD int close_watched(call_close *next, int fd)
{
	struct number_ending e;
	int ret;

	number_end_begin(&e, (unsigned)fd, (unsigned)fd);
	ret = next(fd);
	number_end_finish(&e, true);
	return ret;
}

int fd_close(call_close *next, int fd)
{
	return unlikely(number_watched(fd)) ? close_watched(next, fd) : next(fd);
}

/* close(2) is a cancellation point, which the call in close_watched() cannot be. */
#define PUBLIC_close(symbol) \
	PUBLIC int symbol(int fd) \
	{ \
		if (likely(!number_watched(fd))) \
			return real.symbol(fd); \
		cancellation_point(); \
		return close_watched(real.symbol, fd); \
	}

/* With CLOSE_RANGE_UNSHARE the numbers end only in a new table, of this thread alone. */
int fd_close_range(call_close_range *next, unsigned first, unsigned last, int flags)
{
	struct number_ending e;
	int ret;

	if (flags & (CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE))
		return next(first, last, flags);
	number_end_begin(&e, first, last);
	ret = next(first, last, flags);
	number_end_finish(&e, true);
	return ret;
}

#define PUBLIC_close_range(symbol) \
	PUBLIC int symbol(unsigned first, unsigned last, int flags) \
	{ \
		return fd_close_range(real.symbol, first, last, flags); \
	}

static void do_closefrom(call_closefrom *next, int first)
{
	struct number_ending e;

	number_end_begin(&e, first < 0 ? 0 : (unsigned)first, UINT32_MAX);
	next(first);
	number_end_finish(&e, true);
}

#define PUBLIC_closefrom(symbol) \
	PUBLIC void symbol(int first) \
	{ \
		do_closefrom(real.symbol, first); \
	}

DIOSHIM_FD_SYMBOLS(PUBLIC_SYMBOL)
