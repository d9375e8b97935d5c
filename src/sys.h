/*
 * System calls without the C library's conventions: a negative errno instead of -1, errno
 * unchanged, no cancellation point. Everything the shim does for itself goes through here; only the
 * program's own call, passed on as it is, goes through the next definition (real.h).
 */
#ifndef DIOSHIM_SYS_H
#define DIOSHIM_SYS_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static inline long sys_result(long ret, int *err, int saved)
{
	if (ret == -1) {
		ret = -*err;
		*err = saved;
	}
	return ret;
}

/* sys(SYS_xxx, ...): returns the system call's result, 0 or more, or a negative errno. */
#define sys(...)                                             \
	({                                                   \
		int saved_errno_ = errno;                    \
		sys_result(syscall(__VA_ARGS__), &errno, saved_errno_); \
	})

#endif
