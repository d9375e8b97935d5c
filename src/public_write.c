/*
 * write and its kin: the kernel first, unless a hint says that it would refuse.
 *
 * An iovec array is never looked at before the kernel has seen it: the pointer may be bad.
 */
#include "hint.h"
#include "public.h"
#include "real.h"
#include "rescue.h"
#include "sys.h"

COLD ssize_t foreseen_write(__typeof__(write) *next, int fd, const void *buf, size_t n)
{
	int before = errno_before();
	ssize_t ret;

	if (rescue_foreseen(SYS_write, fd, buf, n, 0, &ret))
		return ret;
	ret = next(fd, buf, n);
	return ret > 0 ? ret : rescue_refused(SYS_write, fd, buf, n, 0, before, ret);
}

HOT ssize_t do_write(__typeof__(write) *next, int fd, const void *buf, size_t n)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_refuses(fd, (uintptr_t)buf, n, 0)))
		return foreseen_write(next, fd, buf, n);
	before = errno_before();
	ret = next(fd, buf, n);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_write, fd, buf, n, 0, before, ret);
}

COLD ssize_t foreseen_pwrite(__typeof__(pwrite) *next, int fd, const void *buf, size_t n, off_t pos)
{
	int before = errno_before();
	ssize_t ret;

	if (rescue_foreseen(SYS_pwrite64, fd, buf, n, pos, &ret))
		return ret;
	ret = next(fd, buf, n, pos);
	return ret > 0 ? ret : rescue_refused(SYS_pwrite64, fd, buf, n, pos, before, ret);
}

HOT ssize_t do_pwrite(__typeof__(pwrite) *next, int fd, const void *buf, size_t n, off_t pos)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_refuses(fd, (uintptr_t)buf, n, pos)))
		return foreseen_pwrite(next, fd, buf, n, pos);
	before = errno_before();
	ret = next(fd, buf, n, pos);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_pwrite64, fd, buf, n, pos, before, ret);
}

PUBLIC ssize_t write(int fd, const void *buf, size_t n)
{
	return do_write(real.write, fd, buf, n);
}

PUBLIC ssize_t __write(int fd, const void *buf, size_t n)
{
	return do_write(real.__write, fd, buf, n);
}

PUBLIC ssize_t pwrite(int fd, const void *buf, size_t n, off_t pos)
{
	return do_pwrite(real.pwrite, fd, buf, n, pos);
}

PUBLIC ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t pos)
{
	return do_pwrite(real.pwrite64, fd, buf, n, pos);
}

PUBLIC ssize_t __pwrite64(int fd, const void *buf, size_t n, off64_t pos)
{
	return do_pwrite(real.__pwrite64, fd, buf, n, pos);
}

PUBLIC ssize_t writev(int fd, const struct iovec *iov, int count)
{
	int before = errno_before();
	ssize_t ret = real.writev(fd, iov, count);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_writev, fd, iov, count, 0, 0, before, ret);
}

PUBLIC ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t pos)
{
	int before = errno_before();
	ssize_t ret = real.pwritev(fd, iov, count, pos);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_pwritev, fd, iov, count, pos, 0, before, ret);
}

PUBLIC ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t pos)
{
	int before = errno_before();
	ssize_t ret = real.pwritev64(fd, iov, count, pos);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_pwritev, fd, iov, count, pos, 0, before, ret);
}

PUBLIC ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t pos, int flags)
{
	int before = errno_before();
	ssize_t ret = real.pwritev2(fd, iov, count, pos, flags);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_pwritev2, fd, iov, count, pos, flags, before, ret);
}

PUBLIC ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t pos, int flags)
{
	int before = errno_before();
	ssize_t ret = real.pwritev64v2(fd, iov, count, pos, flags);

	return likely(ret > 0) ? ret :
				 rescue_refused_vector(SYS_pwritev2, fd, iov, count, pos, flags, before, ret);
}
