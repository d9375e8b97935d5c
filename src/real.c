/* The next definitions, and the raw system calls that replace them. See real.h. */
#include "real.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "next.h"
#include "sys64.h"
#include "text.h"

/* See open(2): O_TMPFILE contains the bits of O_DIRECTORY, so it is compared whole. */
static bool takes_mode(int flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

/* The answer as the C library gives it: -1 and errno, or 0 or more. */
static long to_answer(long ret)
{
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = (int)-ret;
	return -1;
}

#define answer(...) to_answer(sys(__VA_ARGS__))

#define MODE_OF(flags) \
	({ \
		mode_t mode_ = 0; \
		if (takes_mode(flags)) { \
			va_list ap_; \
			va_start(ap_, flags); \
			mode_ = va_arg(ap_, mode_t); \
			va_end(ap_); \
		} \
		mode_; \
	})

/* Not in the table of other C libraries (symbols.h). */
#define GNU_ONLY static __attribute__((unused))

/* A 64-bit kernel opens all files as large ones. */
#ifdef DIOSHIM_OFF32
#define LARGE O_LARGEFILE
#else
#define LARGE 0
#endif

static int raw_open(const char *path, int flags, ...)
{
	return answer(SYS_openat, AT_FDCWD, path, flags | LARGE, MODE_OF(flags));
}

GNU_ONLY int raw_open_2(const char *path, int flags)
{
	return answer(SYS_openat, AT_FDCWD, path, flags | LARGE, 0);
}

static int raw_openat(int dirfd, const char *path, int flags, ...)
{
	return answer(SYS_openat, dirfd, path, flags | LARGE, MODE_OF(flags));
}

GNU_ONLY int raw_openat_2(int dirfd, const char *path, int flags)
{
	return answer(SYS_openat, dirfd, path, flags | LARGE, 0);
}

static int raw_openat2(int dirfd, const char *path, const struct open_how *how, size_t size)
{
	return answer(SYS_openat2, dirfd, path, how, size);
}

static int raw_creat(const char *path, mode_t mode)
{
	return answer(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC | LARGE, mode);
}

/* Names that the time makes different, as in the C library, until one is free. */
static int make_temporary(char *template, int suffix, int flags)
{
	enum { LETTERS = 6, TRIES = 1000, BASE = 52 };
	const size_t len = strlen(template);
	const size_t end = len - (size_t)suffix;
	struct timespec now = { 0 };
	long fd = -EEXIST;

	if (suffix < 0 || (size_t)suffix + LETTERS > len ||
	    memcmp(template + end - LETTERS, "XXXXXX", LETTERS) != 0)
		return (int)to_answer(-EINVAL);
	flags = (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL;
	for (int i = 0; i < TRIES && fd == -EEXIST; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		uint64_t value = ((uint64_t)now.tv_nsec << 20 ^ (uintptr_t)&now) + (uint64_t)i;

		for (size_t n = end - LETTERS; n < end; n++, value /= BASE)
			template[n] = (char)((value % BASE < 26 ? 'a' : 'A') + value % 26);
		fd = sys(SYS_openat, AT_FDCWD, template, flags, 0600);
	}
	return (int)to_answer(fd);
}

static int raw_mkostemps(char *template, int suffix, int flags)
{
	return make_temporary(template, suffix, flags | LARGE);
}

static int raw_mkostemp(char *template, int flags)
{
	return make_temporary(template, 0, flags | LARGE);
}

static ssize_t raw_read(int fd, void *buf, size_t n)
{
	return answer(SYS_read, fd, buf, n);
}

/*
 * The overflow that FORTIFY detects. The C library prints a message, but is not available here yet.
 */
GNU_ONLY ssize_t raw_read_chk(int fd, void *buf, size_t n, size_t size)
{
	if (n > size)
		abort();
	return raw_read(fd, buf, n);
}

static ssize_t raw_pread(int fd, void *buf, size_t n, int64_t pos)
{
	return answer(SYS_pread64, fd, buf, n, SYS64_EVEN(pos));
}

GNU_ONLY ssize_t raw_pread_chk(int fd, void *buf, size_t n, int64_t pos, size_t size)
{
	if (n > size)
		abort();
	return raw_pread(fd, buf, n, pos);
}

static ssize_t raw_readv(int fd, const struct iovec *iov, int count)
{
	return answer(SYS_readv, fd, iov, count);
}

static ssize_t raw_preadv(int fd, const struct iovec *iov, int count, int64_t pos)
{
	return answer(SYS_preadv, fd, iov, count, SYS64_IOV(pos));
}

static ssize_t raw_preadv2(int fd, const struct iovec *iov, int count, int64_t pos, int flags)
{
	return answer(SYS_preadv2, fd, iov, count, SYS64_IOV(pos), flags);
}

static ssize_t raw_write(int fd, const void *buf, size_t n)
{
	return answer(SYS_write, fd, buf, n);
}

static ssize_t raw_pwrite(int fd, const void *buf, size_t n, int64_t pos)
{
	return answer(SYS_pwrite64, fd, buf, n, SYS64_EVEN(pos));
}

static ssize_t raw_writev(int fd, const struct iovec *iov, int count)
{
	return answer(SYS_writev, fd, iov, count);
}

static ssize_t raw_pwritev(int fd, const struct iovec *iov, int count, int64_t pos)
{
	return answer(SYS_pwritev, fd, iov, count, SYS64_IOV(pos));
}

static ssize_t raw_pwritev2(int fd, const struct iovec *iov, int count, int64_t pos, int flags)
{
	return answer(SYS_pwritev2, fd, iov, count, SYS64_IOV(pos), flags);
}

/* On a 32-bit machine the first numbers are those of the calls with 32-bit offsets. */
#ifdef SYS_fcntl64
#define NUMBER_fcntl SYS_fcntl64
#define NUMBER_sendfile SYS_sendfile64
#else
#define NUMBER_fcntl SYS_fcntl
#define NUMBER_sendfile SYS_sendfile
#endif

static int raw_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	return answer(NUMBER_fcntl, fd, cmd, arg);
}

static int raw_dup(int fd)
{
	return answer(SYS_dup, fd);
}

/* Not SYS_dup2: newer architectures have only dup3, which refuses from == to (dup(2)). */
static int raw_dup2(int from, int to)
{
	if (from == to)
		return answer(SYS_fcntl, from, F_GETFD) < 0 ? -1 : to;
	return answer(SYS_dup3, from, to, 0);
}

static int raw_dup3(int from, int to, int flags)
{
	return answer(SYS_dup3, from, to, flags);
}

static int raw_close(int fd)
{
	return answer(SYS_close, fd);
}

static int raw_close_range(unsigned first, unsigned last, int flags)
{
	return answer(SYS_close_range, first, last, flags);
}

static void raw_closefrom(int first)
{
	answer(SYS_close_range, first < 0 ? 0U : (unsigned)first, ~0U, 0);
}

static ssize_t raw_sendfile(int out, int in, int64_t *pos, size_t n)
{
	return answer(NUMBER_sendfile, out, in, pos, n);
}

static ssize_t raw_splice(int in, int64_t *in_pos, int out, int64_t *out_pos, size_t n,
			  unsigned flags)
{
	return answer(SYS_splice, in, in_pos, out, out_pos, n, flags);
}

static ssize_t raw_copy_file_range(int in, int64_t *in_pos, int out, int64_t *out_pos, size_t n,
				   unsigned flags)
{
	return answer(SYS_copy_file_range, in, in_pos, out, out_pos, n, flags);
}

/* These are no system calls: there are none without the C library. */
static int raw_aio_read(struct aiocb *cb)
{
	(void)cb;
	return (int)to_answer(-ENOSYS);
}

static int raw_aio_write(struct aiocb *cb)
{
	return raw_aio_read(cb);
}

static int raw_lio_listio(int mode, struct aiocb *const list[], int count, struct sigevent *event)
{
	(void)mode;
	(void)list;
	(void)count;
	(void)event;
	return (int)to_answer(-ENOSYS);
}

#ifdef DIOSHIM_OFF32
#include "raw_off32.h"
#endif

#ifndef SYS_CALL_INLINE
/* The C library's, found once: its errno is put back. */
long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	static call_syscall *_Atomic next;
	struct next_name found = { .name = "syscall" };
	int saved = errno;
	long ret;

	if (!next) {
		next_find(&found, 1);
		next = (call_syscall *)found.at;
	}
	ret = next(nr, a, b, c, d, e, f);
	if (ret == -1) {
		ret = -errno;
		errno = saved;
	}
	return ret;
}
#endif

static long raw_syscall(long nr, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return answer(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int raw_vdprintf_chk(int fd, int flag, const char *format, va_list ap)
{
	struct text t;
	ssize_t done = 0;

	text_format(&t, flag, format, ap);
	while (done < t.length) {
		ssize_t ret = raw_write(fd, t.at + done, (size_t)(t.length - done));

		if (ret <= 0)
			break;
		done += ret;
	}
	text_release(&t);
	return done < t.length ? -1 : (int)t.length;
}

static int raw_vdprintf(int fd, const char *format, va_list ap)
{
	return raw_vdprintf_chk(fd, 0, format, ap);
}

static int raw_dprintf(int fd, const char *format, ...)
{
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = raw_vdprintf(fd, format, ap);
	va_end(ap);
	return ret;
}

GNU_ONLY int raw_dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = raw_vdprintf_chk(fd, flag, format, ap);
	va_end(ap);
	return ret;
}

/* libaio(3): a negative errno. */
static int raw_io_submit(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	return (int)sys(SYS_io_submit, ctx, nr, iocbs);
}

#define DIOSHIM_REAL_START(symbol, kind) .symbol = raw_##kind,

struct real real = { DIOSHIM_SYMBOLS(DIOSHIM_REAL_START) };

void (*real_testcancel)(void);

#define DIOSHIM_REAL_NAME(symbol, kind) { .name = #symbol },

#define DIOSHIM_REAL_FOUND(symbol, kind) \
	do { \
		if (next->at) \
			real.symbol = (__typeof__(real.symbol))next->at; \
		next++; \
	} while (0);

/*
 * Only in the constructor: the look-up takes the loader's lock, and a wrapper must not. A name that the C
 * library lacks keeps its raw call. 101, the first priority that is not reserved, comes before the library's
 * other constructors, one of which may replace these pointers (record_hooks.c).
 */
__attribute__((constructor(101))) static void real_look_up(void)
{
	struct next_name names[] = { { .name = "pthread_testcancel" },
				     DIOSHIM_SYMBOLS(DIOSHIM_REAL_NAME) };
	const struct next_name *next = names + 1;

	next_find(names, (int)(sizeof(names) / sizeof(names[0])));
	DIOSHIM_SYMBOLS(DIOSHIM_REAL_FOUND)
	real_testcancel = (void (*)(void))names[0].at;
}
