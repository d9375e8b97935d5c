/*
 * write and its kin: the kernel first, unless a hint says that it would refuse.
 *
 * An iovec array is never looked at before the kernel has seen it: the pointer may be bad.
 */
#include "hint.h"
#include "public.h"
#include "public_pass.h"
#include "real.h"
#include "rescue.h"
#include "sys.h"

/* On a number that is known to be direct. */
COLD ssize_t direct_write(__typeof__(write) *next, int fd, const void *buf, size_t n)
{
	int before = errno_before();
	struct pass p;
	ssize_t ret;

	if (hint_refuses(fd, (uintptr_t)buf, n, 0) && rescue_foreseen(SYS_write, fd, buf, n, 0, &ret))
		return ret;
	pass_begin(&p, fd, true);
	ret = pass_end(&p, true, -1, next(fd, buf, n));
	return ret > 0 || !n ? ret : rescue_refused(SYS_write, fd, buf, n, 0, before, p.generation, ret);
}

HOT ssize_t do_write(__typeof__(write) *next, int fd, const void *buf, size_t n)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_get(fd)))
		return direct_write(next, fd, buf, n);
	before = errno_before();
	ret = next(fd, buf, n);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_write, fd, buf, n, 0, before, 0, ret);
}

COLD ssize_t direct_pwrite(__typeof__(pwrite) *next, int fd, const void *buf, size_t n, off_t pos)
{
	int before = errno_before();
	struct pass p;
	ssize_t ret;

	if (hint_refuses(fd, (uintptr_t)buf, n, pos) &&
	    rescue_foreseen(SYS_pwrite64, fd, buf, n, pos, &ret))
		return ret;
	pass_begin(&p, fd, false);
	ret = pass_end(&p, true, pos, next(fd, buf, n, pos));
	if (unlikely(p.met) && ret > 0)
		rescue_once_more(fd, buf, n, pos, p.generation);
	return ret > 0 || !n ? ret : rescue_refused(SYS_pwrite64, fd, buf, n, pos, before, p.generation, ret);
}

HOT ssize_t do_pwrite(__typeof__(pwrite) *next, int fd, const void *buf, size_t n, off_t pos)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_get(fd)))
		return direct_pwrite(next, fd, buf, n, pos);
	before = errno_before();
	ret = next(fd, buf, n, pos);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_pwrite64, fd, buf, n, pos, before, 0, ret);
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
	return PASS_VECTOR(true, SYS_writev, real.writev(fd, iov, count), true, 0, 0);
}

PUBLIC ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t pos)
{
	return PASS_VECTOR(true, SYS_pwritev, real.pwritev(fd, iov, count, pos), false, pos, 0);
}

PUBLIC ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t pos)
{
	return PASS_VECTOR(true, SYS_pwritev, real.pwritev64(fd, iov, count, pos), false, pos, 0);
}

/* preadv2(2): an offset of -1 stands for the description's. */
PUBLIC ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t pos, int flags)
{
	return PASS_VECTOR(true, SYS_pwritev2, real.pwritev2(fd, iov, count, pos, flags), pos == -1, pos,
			   flags);
}

PUBLIC ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t pos, int flags)
{
	return PASS_VECTOR(true, SYS_pwritev2, real.pwritev64v2(fd, iov, count, pos, flags), pos == -1,
			   pos, flags);
}
