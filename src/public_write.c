/*
 * write and its variants.
 *
 * The shim does not look at an iovec array before the kernel has: the pointer may be bad.
 */
#include "public_transfer.h"

BUFFER_TRANSFER(write, SYS_write, 0, (int fd, const void *buf, size_t n), (fd, buf, n))
BUFFER_TRANSFER(pwrite, SYS_pwrite64, pos, (int fd, const void *buf, size_t n, int64_t pos),
		(fd, buf, n, pos))

#define PUBLIC_write(symbol) \
	PUBLIC ssize_t symbol(int fd, const void *buf, size_t n) \
	{ \
		return do_write(real.symbol, fd, buf, n); \
	}

#define PUBLIC_pwrite(symbol) \
	PUBLIC ssize_t symbol(int fd, const void *buf, size_t n, int64_t pos) \
	{ \
		return do_pwrite(real.symbol, fd, buf, n, pos); \
	}

#define PUBLIC_writev(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count) \
	{ \
		return VECTOR_TRANSFER(SYS_writev, real.symbol(fd, iov, count), true, 0, 0); \
	}

#define PUBLIC_pwritev(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, int64_t pos) \
	{ \
		return VECTOR_TRANSFER(SYS_pwritev, real.symbol(fd, iov, count, pos), false, pos, \
				       0); \
	}

/* pwritev2(2): an offset of -1 means the description's. */
#define PUBLIC_pwritev2(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, int64_t pos, int flags) \
	{ \
		return VECTOR_TRANSFER(SYS_pwritev2, real.symbol(fd, iov, count, pos, flags), \
				       pos == -1, pos, flags); \
	}

#ifdef DIOSHIM_OFF32
BUFFER_TRANSFER(pwrite_off32, SYS_pwrite64, pos, (int fd, const void *buf, size_t n, off_t pos),
		(fd, buf, n, pos))

#define PUBLIC_pwrite_off32(symbol) \
	PUBLIC ssize_t symbol(int fd, const void *buf, size_t n, off_t pos) \
	{ \
		return do_pwrite_off32(real.symbol, fd, buf, n, pos); \
	}

#define PUBLIC_pwritev_off32(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, off_t pos) \
	{ \
		return VECTOR_TRANSFER(SYS_pwritev, real.symbol(fd, iov, count, pos), false, pos, \
				       0); \
	}

#define PUBLIC_pwritev2_off32(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, off_t pos, int flags) \
	{ \
		return VECTOR_TRANSFER(SYS_pwritev2, real.symbol(fd, iov, count, pos, flags), \
				       pos == -1, pos, flags); \
	}
#endif

DIOSHIM_WRITE_SYMBOLS(PUBLIC_SYMBOL)
