/*
 * dup, close, fcntl and their kin: the hint follows the descriptor number.
 *
 * It would work without: a wrong hint costs a system call. But a number that is closed and opened
 * again, or one duplicated in a loop, should not have to be learned about each time.
 */
#include <stdarg.h>

#include "hint.h"
#include "public.h"
#include "real.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static int duplicated(int from, int to)
{
	if (to >= 0)
		hint_set(to, hint_get(from));
	return to;
}

static int after_fcntl(int fd, int cmd, int ret)
{
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		return duplicated(fd, ret);
	if (cmd == F_SETFL)
		hint_forget(fd);
	return ret;
}

/*
 * Some commands take no third argument; then this fetches whatever is in its place, as the C library
 * itself does (sysdeps/unix/sysv/linux/fcntl64.c), and the kernel does not look at it.
 */
#define PUBLIC_FCNTL(name)                                          \
	PUBLIC int name(int fd, int cmd, ...)                       \
	{                                                           \
		va_list ap;                                         \
		void *arg;                                          \
                                                                    \
		va_start(ap, cmd);                                  \
		arg = va_arg(ap, void *);                           \
		va_end(ap);                                         \
		return after_fcntl(fd, cmd, real.name(fd, cmd, arg)); \
	}

PUBLIC_FCNTL(fcntl)
PUBLIC_FCNTL(fcntl64)
PUBLIC_FCNTL(__fcntl)

PUBLIC int dup(int fd)
{
	return duplicated(fd, real.dup(fd));
}

PUBLIC int dup2(int from, int to)
{
	return duplicated(from, real.dup2(from, to));
}

PUBLIC int __dup2(int from, int to)
{
	return duplicated(from, real.__dup2(from, to));
}

PUBLIC int dup3(int from, int to, int flags)
{
	return duplicated(from, real.dup3(from, to, flags));
}

/* Before the call: after it the number may be another thread's already. */
PUBLIC int close(int fd)
{
	hint_forget(fd);
	return real.close(fd);
}

PUBLIC int __close(int fd)
{
	hint_forget(fd);
	return real.__close(fd);
}

PUBLIC int close_range(unsigned first, unsigned last, int flags)
{
	if (!(flags & CLOSE_RANGE_CLOEXEC))
		hint_forget_range(first, last);
	return real.close_range(first, last, flags);
}
