/*
 * dprintf and its variants.
 *
 * In glibc up to 2.36 dprintf() writes through a stream, which stdio_calls.c handles. Later versions make
 * write(2) themselves. So the text is formatted and written here, but only for a descriptor that is direct.
 * On every other one the next definition is called, and the kernel is asked nothing first.
 */
#include <stdarg.h>

#include "public_transfer.h"
#include "sys.h"
#include "text.h"

BUFFER_TRANSFER(write, SYS_write, 0, (int fd, const void *buf, size_t n), (fd, buf, n))

/* All of it, or -1, also if it could not be formatted. */
static int write_text(int fd, const struct text *t)
{
	ssize_t done = 0;

	while (done < t->length) {
		ssize_t ret = do_write(real.write, fd, t->at + done, (size_t)(t->length - done));

		if (ret <= 0)
			return -1;
		done += ret;
	}
	return (int)t->length;
}

/* On a number that is known to be direct. */
COLD int print_direct(int fd, int flag, const char *format, va_list ap)
{
	struct text t;
	int ret;

	text_format(&t, flag, format, ap);
	ret = write_text(fd, &t);
	text_release(&t);
	return ret;
}

static bool is_direct(int fd)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	return flags >= 0 && (flags & O_DIRECT);
}

/*
 * The kernel has refused what the next definition wrote. A text that fits into its buffer was refused as a
 * whole. Of a longer one a part may have been accepted, which nothing tells: there the answer stands.
 */
COLD int print_refused(int fd, int flag, const char *format, va_list ap, int before)
{
	struct text t;
	bool whole;
	int ret = -1;

	if (errno != EINVAL || !is_direct(fd))
		return -1;
	errno = before;
	text_format(&t, flag, format, ap);
	whole = t.length < TEXT_NEAR;
	if (whole)
		ret = write_text(fd, &t);
	text_release(&t);
	if (!whole)
		errno = EINVAL;
	return ret;
}

/* `call` is the next definition's. An expression; only the public functions use it. */
#define PRINT(flag, call) \
	({ \
		int before_ = errno_before(); \
		int ret_; \
\
		if (unlikely(hint_get(fd))) { \
			ret_ = print_direct(fd, flag, format, ap); \
		} else { \
			va_list copy_; \
\
			va_copy(copy_, ap); \
			ret_ = call; \
			if (unlikely(ret_ < 0)) \
				ret_ = print_refused(fd, flag, format, copy_, before_); \
			va_end(copy_); \
		} \
		ret_; \
	})

#define PUBLIC_vdprintf(symbol) \
	PUBLIC int symbol(int fd, const char *format, va_list ap) \
	{ \
		return PRINT(0, real.symbol(fd, format, ap)); \
	}

/* Arguments cannot be handed on to the next definition of a variadic function. */
#define PUBLIC_dprintf(symbol) \
	PUBLIC int symbol(int fd, const char *format, ...) \
	{ \
		va_list ap; \
		int ret; \
\
		va_start(ap, format); \
		ret = PRINT(0, real.vdprintf(fd, format, ap)); \
		va_end(ap); \
		return ret; \
	}

/* FORTIFY: `flag` makes the C library reject %n in writable memory. */
#define PUBLIC_vdprintf_chk(symbol) \
	PUBLIC int symbol(int fd, int flag, const char *format, va_list ap) \
	{ \
		return PRINT(flag, real.symbol(fd, flag, format, ap)); \
	}

#define PUBLIC_dprintf_chk(symbol) \
	PUBLIC int symbol(int fd, int flag, const char *format, ...) \
	{ \
		va_list ap; \
		int ret; \
\
		va_start(ap, format); \
		ret = PRINT(flag, real.__vdprintf_chk(fd, flag, format, ap)); \
		va_end(ap); \
		return ret; \
	}

DIOSHIM_PRINT_SYMBOLS(PUBLIC_SYMBOL)
