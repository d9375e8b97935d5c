/*
 * The raw calls of the names with a 32-bit off_t, for real.c. The kernel takes 64-bit offsets from these names, too; but
 * what they open is no large file, and their struct flock and their position for sendfile(2) are the small ones.
 */
#ifndef DIOSHIM_RAW_OFF32_H
#define DIOSHIM_RAW_OFF32_H

static int raw_open_off32(const char *path, int flags, ...)
{
	return answer(SYS_openat, AT_FDCWD, path, flags, MODE_OF(flags));
}

static int raw_open_2_off32(const char *path, int flags)
{
	return answer(SYS_openat, AT_FDCWD, path, flags, 0);
}

static int raw_openat_off32(int dirfd, const char *path, int flags, ...)
{
	return answer(SYS_openat, dirfd, path, flags, MODE_OF(flags));
}

static int raw_openat_2_off32(int dirfd, const char *path, int flags)
{
	return answer(SYS_openat, dirfd, path, flags, 0);
}

static int raw_creat_off32(const char *path, mode_t mode)
{
	return answer(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

static int raw_mkostemps_off32(char *template, int suffix, int flags)
{
	return make_temporary(template, suffix, flags);
}

static int raw_mkostemp_off32(char *template, int flags)
{
	return make_temporary(template, 0, flags);
}

static ssize_t raw_pread_off32(int fd, void *buf, size_t n, off_t pos)
{
	return raw_pread(fd, buf, n, pos);
}

static ssize_t raw_pread_chk_off32(int fd, void *buf, size_t n, off_t pos, size_t size)
{
	return raw_pread_chk(fd, buf, n, pos, size);
}

static ssize_t raw_preadv_off32(int fd, const struct iovec *iov, int count, off_t pos)
{
	return raw_preadv(fd, iov, count, pos);
}

static ssize_t raw_preadv2_off32(int fd, const struct iovec *iov, int count, off_t pos, int flags)
{
	return raw_preadv2(fd, iov, count, pos, flags);
}

static ssize_t raw_pwrite_off32(int fd, const void *buf, size_t n, off_t pos)
{
	return raw_pwrite(fd, buf, n, pos);
}

static ssize_t raw_pwritev_off32(int fd, const struct iovec *iov, int count, off_t pos)
{
	return raw_pwritev(fd, iov, count, pos);
}

static ssize_t raw_pwritev2_off32(int fd, const struct iovec *iov, int count, off_t pos, int flags)
{
	return raw_pwritev2(fd, iov, count, pos, flags);
}

static int raw_fcntl_off32(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	return answer(SYS_fcntl, fd, cmd, arg);
}

static ssize_t raw_sendfile_off32(int out, int in, off_t *pos, size_t n)
{
	return answer(SYS_sendfile, out, in, pos, n);
}

#define raw_aio_read_off32 raw_aio_read
#define raw_aio_write_off32 raw_aio_write
#define raw_lio_listio_off32 raw_lio_listio

#endif
