/*
 * What public_read.c and public_write.c have in common: a vectored call, made as it stands, then rescued if
 * the kernel refuses it.
 */
#ifndef DIOSHIM_PUBLIC_PASS_H
#define DIOSHIM_PUBLIC_PASS_H

#include "hint.h"
#include "pass.h"
#include "rescue.h"

/*
 * `call` makes the call with the public function's parameters fd, iov and count; `implied`: it is at the
 * description's offset, and not at `pos`.
 */
#define PASS_VECTOR(write, nr, call, implied, pos, flags)                                           \
	({                                                                                          \
		int before_ = errno_before();                                                       \
		struct pass p_;                                                                     \
		bool direct_ = hint_get(fd);                                                        \
		ssize_t ret_;                                                                       \
                                                                                                    \
		if (unlikely(direct_))                                                              \
			pass_begin(&p_, fd, implied);                                               \
		ret_ = call;                                                                        \
		if (unlikely(direct_))                                                              \
			ret_ = pass_end(&p_, write, (implied) ? -1 : (int64_t)(pos), ret_);         \
		likely(ret_ > 0) ? ret_ :                                                           \
				   rescue_refused_vector(nr, fd, iov, count, pos, flags, before_,   \
							 direct_ ? p_.generation : 0, ret_);        \
	})

#endif
