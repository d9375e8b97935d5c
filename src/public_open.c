/*
 * open and its variants. The kernel is asked nothing about a descriptor that was opened: if it is
 * direct, its number is marked (hint.h), and the first call that the kernel refuses tells the rest. Only
 * after openat2(2) it is asked for the flags, which are in the program's memory.
 */
#include <stdarg.h>

#include "description.h"
#include "hint.h"
#include "number.h"
#include "public.h"
#include "public_fd.h"
#include "real.h"
#include "refused.h"
#include "refused_hooks.h"
#include "sys.h"

int fd_opened(int fd, int flags)
{
	struct number_ending e;
	bool ending;

	if (fd < 0)
		return fd;
	if (likely(!(flags & O_DIRECT) && !number_watched(fd)))
		return fd;
	ending = number_take_over(fd, &e);
	description_opened(fd, flags & O_DIRECT);
	description_set_appends(fd, flags & O_APPEND);
	if (unlikely(refused_buffered) && (flags & O_DIRECT))
		refused_opened(fd);
	if (ending)
		number_end_finish(&e, false);
	return fd;
}

int fd_opened_how(int fd, const struct open_how *how, size_t size)
{
	int flags = fd < 0 ? 0 : (int)sys(SYS_fcntl, fd, F_GETFL);

	if (unlikely(refused_buffered) && fd >= 0 && refused_how_direct(how, size))
		flags |= O_DIRECT;
	return fd_opened(fd, flags);
}

/* open(2): the mode exists only with these flags. O_TMPFILE contains the bits of O_DIRECTORY. */
static mode_t mode_from(int flags, va_list ap)
{
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE)
		return va_arg(ap, mode_t);
	return 0;
}

#define PUBLIC_open(symbol) \
	PUBLIC int symbol(const char *path, int flags, ...) \
	{ \
		va_list ap; \
		mode_t mode; \
\
		va_start(ap, flags); \
		mode = mode_from(flags, ap); \
		va_end(ap); \
		return fd_opened(real.symbol(path, flags, mode), flags); \
	}

#define PUBLIC_openat(symbol) \
	PUBLIC int symbol(int dirfd, const char *path, int flags, ...) \
	{ \
		va_list ap; \
		mode_t mode; \
\
		va_start(ap, flags); \
		mode = mode_from(flags, ap); \
		va_end(ap); \
		return fd_opened(real.symbol(dirfd, path, flags, mode), flags); \
	}

/* The FORTIFY variants take no mode. */
#define PUBLIC_open_2(symbol) \
	PUBLIC int symbol(const char *path, int flags) \
	{ \
		return fd_opened(real.symbol(path, flags), flags); \
	}

#define PUBLIC_openat_2(symbol) \
	PUBLIC int symbol(int dirfd, const char *path, int flags) \
	{ \
		return fd_opened(real.symbol(dirfd, path, flags), flags); \
	}

#define PUBLIC_openat2(symbol) \
	PUBLIC int symbol(int dirfd, const char *path, const struct open_how *how, size_t size) \
	{ \
		return fd_opened_how(real.symbol(dirfd, path, how, size), how, size); \
	}

/* They make the call inside the C library. */
#define PUBLIC_mkostemp(symbol) \
	PUBLIC int symbol(char *template, int flags) \
	{ \
		return fd_opened(real.symbol(template, flags), flags); \
	}

#define PUBLIC_mkostemps(symbol) \
	PUBLIC int symbol(char *template, int suffix, int flags) \
	{ \
		return fd_opened(real.symbol(template, suffix, flags), flags); \
	}

#define PUBLIC_creat(symbol) \
	PUBLIC int symbol(const char *path, mode_t mode) \
	{ \
		return fd_opened(real.symbol(path, mode), 0); \
	}

/* With a 32-bit off_t: what differs is in the C library, O_LARGEFILE. */
#define PUBLIC_open_off32 PUBLIC_open
#define PUBLIC_openat_off32 PUBLIC_openat
#define PUBLIC_open_2_off32 PUBLIC_open_2
#define PUBLIC_openat_2_off32 PUBLIC_openat_2
#define PUBLIC_creat_off32 PUBLIC_creat
#define PUBLIC_mkostemp_off32 PUBLIC_mkostemp
#define PUBLIC_mkostemps_off32 PUBLIC_mkostemps

DIOSHIM_OPEN_SYMBOLS(PUBLIC_SYMBOL)
DIOSHIM_TEMPORARY_SYMBOLS(PUBLIC_SYMBOL)
