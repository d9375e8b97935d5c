/*
 * read and its kin: the kernel first, unless a hint says that it would refuse.
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
COLD ssize_t direct_read(__typeof__(read) *next, int fd, void *buf, size_t n)
{
	int before = errno_before();
	struct pass p;
	ssize_t ret;

	if (hint_refuses(fd, (uintptr_t)buf, n, 0) && rescue_foreseen(SYS_read, fd, buf, n, 0, &ret))
		return ret;
	pass_begin(&p, fd, true);
	ret = pass_end(&p, false, -1, next(fd, buf, n));
	return ret > 0 || !n ? ret : rescue_refused(SYS_read, fd, buf, n, 0, before, p.generation, ret);
}

HOT ssize_t do_read(__typeof__(read) *next, int fd, void *buf, size_t n)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_get(fd)))
		return direct_read(next, fd, buf, n);
	before = errno_before();
	ret = next(fd, buf, n);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_read, fd, buf, n, 0, before, 0, ret);
}

COLD ssize_t direct_pread(__typeof__(pread) *next, int fd, void *buf, size_t n, off_t pos)
{
	int before = errno_before();
	struct pass p;
	ssize_t ret;

	if (hint_refuses(fd, (uintptr_t)buf, n, pos) &&
	    rescue_foreseen(SYS_pread64, fd, buf, n, pos, &ret))
		return ret;
	pass_begin(&p, fd, false);
	ret = pass_end(&p, false, pos, next(fd, buf, n, pos));
	return ret > 0 || !n ? ret : rescue_refused(SYS_pread64, fd, buf, n, pos, before, p.generation, ret);
}

HOT ssize_t do_pread(__typeof__(pread) *next, int fd, void *buf, size_t n, off_t pos)
{
	int before;
	ssize_t ret;

	if (unlikely(hint_get(fd)))
		return direct_pread(next, fd, buf, n, pos);
	before = errno_before();
	ret = next(fd, buf, n, pos);
	return likely(ret > 0 || !n) ? ret : rescue_refused(SYS_pread64, fd, buf, n, pos, before, 0, ret);
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
	return PASS_VECTOR(false, SYS_readv, real.readv(fd, iov, count), true, 0, 0);
}

PUBLIC ssize_t preadv(int fd, const struct iovec *iov, int count, off_t pos)
{
	return PASS_VECTOR(false, SYS_preadv, real.preadv(fd, iov, count, pos), false, pos, 0);
}

PUBLIC ssize_t preadv64(int fd, const struct iovec *iov, int count, off64_t pos)
{
	return PASS_VECTOR(false, SYS_preadv, real.preadv64(fd, iov, count, pos), false, pos, 0);
}

/* preadv2(2): an offset of -1 stands for the description's. */
PUBLIC ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t pos, int flags)
{
	return PASS_VECTOR(false, SYS_preadv2, real.preadv2(fd, iov, count, pos, flags), pos == -1, pos,
			   flags);
}

PUBLIC ssize_t preadv64v2(int fd, const struct iovec *iov, int count, off64_t pos, int flags)
{
	return PASS_VECTOR(false, SYS_preadv2, real.preadv64v2(fd, iov, count, pos, flags), pos == -1,
			   pos, flags);
}
