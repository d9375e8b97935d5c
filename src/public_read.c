/*
 * read and its variants.
 *
 * The shim does not look at an iovec array before the kernel has: the pointer may be bad.
 */
#include "public_transfer.h"

BUFFER_TRANSFER(read, SYS_read, 0, (int fd, void *buf, size_t n), (fd, buf, n))
BUFFER_TRANSFER(pread, SYS_pread64, pos, (int fd, void *buf, size_t n, int64_t pos),
		(fd, buf, n, pos))

#define PUBLIC_read(symbol) \
	PUBLIC ssize_t symbol(int fd, void *buf, size_t n) \
	{ \
		return do_read(real.symbol, fd, buf, n); \
	}

#define PUBLIC_pread(symbol) \
	PUBLIC ssize_t symbol(int fd, void *buf, size_t n, int64_t pos) \
	{ \
		return do_pread(real.symbol, fd, buf, n, pos); \
	}

#ifdef DIOSHIM_OFF32
#define NEXT_PREAD real.pread64
#else
#define NEXT_PREAD real.pread
#endif

/* FORTIFY: the next definition aborts the program if the buffer is too small. */
#define PUBLIC_read_chk(symbol) \
	PUBLIC ssize_t symbol(int fd, void *buf, size_t n, size_t size) \
	{ \
		if (unlikely(n > size)) \
			return real.symbol(fd, buf, n, size); \
		return do_read(real.read, fd, buf, n); \
	}

#define PUBLIC_pread_chk(symbol) \
	PUBLIC ssize_t symbol(int fd, void *buf, size_t n, int64_t pos, size_t size) \
	{ \
		if (unlikely(n > size)) \
			return real.symbol(fd, buf, n, pos, size); \
		return do_pread(NEXT_PREAD, fd, buf, n, pos); \
	}

#define PUBLIC_readv(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count) \
	{ \
		return VECTOR_TRANSFER(SYS_readv, real.symbol(fd, iov, count), true, 0, 0); \
	}

#define PUBLIC_preadv(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, int64_t pos) \
	{ \
		return VECTOR_TRANSFER(SYS_preadv, real.symbol(fd, iov, count, pos), false, pos, \
				       0); \
	}

/* preadv2(2): an offset of -1 means the description's. */
#define PUBLIC_preadv2(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, int64_t pos, int flags) \
	{ \
		return VECTOR_TRANSFER(SYS_preadv2, real.symbol(fd, iov, count, pos, flags), \
				       pos == -1, pos, flags); \
	}

#ifdef DIOSHIM_OFF32
BUFFER_TRANSFER(pread_off32, SYS_pread64, pos, (int fd, void *buf, size_t n, off_t pos),
		(fd, buf, n, pos))

#define PUBLIC_pread_off32(symbol) \
	PUBLIC ssize_t symbol(int fd, void *buf, size_t n, off_t pos) \
	{ \
		return do_pread_off32(real.symbol, fd, buf, n, pos); \
	}

#define PUBLIC_pread_chk_off32(symbol) \
	PUBLIC ssize_t symbol(int fd, void *buf, size_t n, off_t pos, size_t size) \
	{ \
		if (unlikely(n > size)) \
			return real.symbol(fd, buf, n, pos, size); \
		return do_pread_off32(real.pread, fd, buf, n, pos); \
	}

#define PUBLIC_preadv_off32(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, off_t pos) \
	{ \
		return VECTOR_TRANSFER(SYS_preadv, real.symbol(fd, iov, count, pos), false, pos, \
				       0); \
	}

#define PUBLIC_preadv2_off32(symbol) \
	PUBLIC ssize_t symbol(int fd, const struct iovec *iov, int count, off_t pos, int flags) \
	{ \
		return VECTOR_TRANSFER(SYS_preadv2, real.symbol(fd, iov, count, pos, flags), \
				       pos == -1, pos, flags); \
	}
#endif

DIOSHIM_READ_SYMBOLS(PUBLIC_SYMBOL)
