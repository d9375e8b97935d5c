/*
 * read and its kin: the kernel first, unless a hint says that it would refuse.
 *
 * An iovec array is never looked at before the kernel has seen it: the pointer may be bad.
 */
#include "hint.h"
#include "public.h"
#include "real.h"
#include "rescue.h"
#include "sys.h"

COLD ssize_t foreseen_read(__typeof__(read) *next, int fd, void *buf, size_t n)
{
	int before = errno_before();
	ssize_t ret;

	if (rescue_foreseen(SYS_read, fd, buf, n, 0, &ret))
		return ret;
	ret = next(fd, buf, n);
	return ret > 0 ? ret : rescue_refused(SYS_read, fd, buf, n, 0, before, ret);
}

HOT ssize_t do_read(__typeof__(read) *next, int fd, void *buf, size_t n)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_refuses(fd, (uintptr_t)buf, n, 0)))
		return foreseen_read(next, fd, buf, n);
	before = errno_before();
	ret = next(fd, buf, n);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_read, fd, buf, n, 0, before, ret);
}

COLD ssize_t foreseen_pread(__typeof__(pread) *next, int fd, void *buf, size_t n, off_t pos)
{
	int before = errno_before();
	ssize_t ret;

	if (rescue_foreseen(SYS_pread64, fd, buf, n, pos, &ret))
		return ret;
	ret = next(fd, buf, n, pos);
	return ret > 0 ? ret : rescue_refused(SYS_pread64, fd, buf, n, pos, before, ret);
}

HOT ssize_t do_pread(__typeof__(pread) *next, int fd, void *buf, size_t n, off_t pos)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_refuses(fd, (uintptr_t)buf, n, pos)))
		return foreseen_pread(next, fd, buf, n, pos);
	before = errno_before();
	ret = next(fd, buf, n, pos);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_pread64, fd, buf, n, pos, before, ret);
}

PUBLIC ssize_t read(int fd, void *buf, size_t n)
{
	return do_read(real.read, fd, buf, n);
}

PUBLIC ssize_t __read(int fd, void *buf, size_t n)
{
	return do_read(real.__read, fd, buf, n);
}

/* FORTIFY: the next definition ends the program if the buffer is too small, and it shall. */
PUBLIC ssize_t __read_chk(int fd, void *buf, size_t n, size_t size)
{
	if (unlikely(n > size))
		return real.__read_chk(fd, buf, n, size);
	return do_read(real.read, fd, buf, n);
}

PUBLIC ssize_t pread(int fd, void *buf, size_t n, off_t pos)
{
	return do_pread(real.pread, fd, buf, n, pos);
}

PUBLIC ssize_t pread64(int fd, void *buf, size_t n, off64_t pos)
{
	return do_pread(real.pread64, fd, buf, n, pos);
}

PUBLIC ssize_t __pread64(int fd, void *buf, size_t n, off64_t pos)
{
	return do_pread(real.__pread64, fd, buf, n, pos);
}

PUBLIC ssize_t __pread_chk(int fd, void *buf, size_t n, off_t pos, size_t size)
{
	if (unlikely(n > size))
		return real.__pread_chk(fd, buf, n, pos, size);
	return do_pread(real.pread, fd, buf, n, pos);
}

PUBLIC ssize_t __pread64_chk(int fd, void *buf, size_t n, off64_t pos, size_t size)
{
	if (unlikely(n > size))
		return real.__pread64_chk(fd, buf, n, pos, size);
	return do_pread(real.pread64, fd, buf, n, pos);
}

PUBLIC ssize_t readv(int fd, const struct iovec *iov, int count)
{
	int before = errno_before();
	ssize_t ret = real.readv(fd, iov, count);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_readv, fd, iov, count, 0, 0, before, ret);
}

PUBLIC ssize_t preadv(int fd, const struct iovec *iov, int count, off_t pos)
{
	int before = errno_before();
	ssize_t ret = real.preadv(fd, iov, count, pos);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_preadv, fd, iov, count, pos, 0, before, ret);
}

PUBLIC ssize_t preadv64(int fd, const struct iovec *iov, int count, off64_t pos)
{
	int before = errno_before();
	ssize_t ret = real.preadv64(fd, iov, count, pos);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_preadv, fd, iov, count, pos, 0, before, ret);
}

PUBLIC ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t pos, int flags)
{
	int before = errno_before();
	ssize_t ret = real.preadv2(fd, iov, count, pos, flags);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_preadv2, fd, iov, count, pos, flags, before, ret);
}

PUBLIC ssize_t preadv64v2(int fd, const struct iovec *iov, int count, off64_t pos, int flags)
{
	int before = errno_before();
	ssize_t ret = real.preadv64v2(fd, iov, count, pos, flags);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_preadv2, fd, iov, count, pos, flags, before, ret);
}
