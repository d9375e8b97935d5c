/*
 * dup, close, fcntl and their kin: what is known of a descriptor follows its number, and no number
 * ends in the middle of a call on it.
 *
 * Without the first the shim would work too, since a wrong hint costs a system call and nothing else.
 */
#include <stdarg.h>

#include "description.h"
#include "flags.h"
#include "hint.h"
#include "number.h"
#include "public.h"
#include "real.h"
#include "sys.h"

/* In the C library only since glibc 2.34; before, a program without threads may not have it. */
#pragma weak pthread_testcancel

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

COLD int change_flags(__typeof__(fcntl) *next, int fd, int cmd, void *arg)
{
	struct flags_change c;
	int ret;

	flags_begin(&c, fd);
	ret = next(fd, cmd, arg);
	flags_end(&c, ret ? -1 : (int)(intptr_t)arg);
	return ret;
}

HOT int do_fcntl(__typeof__(fcntl) *next, int fd, int cmd, void *arg)
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
		return do_fcntl(real.name, fd, cmd, arg);           \
	}

PUBLIC_FCNTL(fcntl)
PUBLIC_FCNTL(fcntl64)
PUBLIC_FCNTL(__fcntl)

PUBLIC int dup(int fd)
{
	return duplicated_anew(fd, real.dup(fd));
}

/* `call` ends the number `to`, unless both are the same, and then it does nothing (dup(2)). */
#define DUPLICATE_ONTO(from, to, call)                                                      \
	({                                                                                  \
		struct number_ending e_;                                                    \
		bool ends_ = (from) != (to) && number_watched(to);                          \
		int ret_;                                                                   \
                                                                                            \
		if (unlikely(ends_))                                                        \
			number_end_begin(&e_, (unsigned)(to), (unsigned)(to));              \
		ret_ = duplicated(from, call);                                              \
		if (unlikely(ends_))                                                        \
			number_end_finish(&e_, false);                                      \
		ret_;                                                                       \
	})

PUBLIC int dup2(int from, int to)
{
	return DUPLICATE_ONTO(from, to, real.dup2(from, to));
}

PUBLIC int __dup2(int from, int to)
{
	return DUPLICATE_ONTO(from, to, real.__dup2(from, to));
}

PUBLIC int dup3(int from, int to, int flags)
{
	return DUPLICATE_ONTO(from, to, real.dup3(from, to, flags));
}

COLD int close_direct(__typeof__(close) *next, int fd)
{
	struct number_ending e;
	int ret;

	/* close(2) is a cancellation point, which the call below cannot be. */
	if (pthread_testcancel)
		pthread_testcancel();
	number_end_begin(&e, (unsigned)fd, (unsigned)fd);
	ret = next(fd);
	number_end_finish(&e, true);
	return ret;
}

PUBLIC int close(int fd)
{
	return unlikely(number_watched(fd)) ? close_direct(real.close, fd) : real.close(fd);
}

PUBLIC int __close(int fd)
{
	return unlikely(number_watched(fd)) ? close_direct(real.__close, fd) : real.__close(fd);
}

/* With CLOSE_RANGE_UNSHARE it is a new table, of this thread alone, whose numbers end. */
PUBLIC int close_range(unsigned first, unsigned last, int flags)
{
	struct number_ending e;
	int ret;

	if (flags & (CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE))
		return real.close_range(first, last, flags);
	number_end_begin(&e, first, last);
	ret = real.close_range(first, last, flags);
	number_end_finish(&e, true);
	return ret;
}

PUBLIC void closefrom(int first)
{
	struct number_ending e;

	number_end_begin(&e, first < 0 ? 0 : (unsigned)first, UINT32_MAX);
	real.closefrom(first);
	number_end_finish(&e, true);
}
