/*
 * Counting the calls that the kernel takes as they stand. See watch.h.
 *
 * Each call of the program's is counted once: here if the public function returns what it gets
 * without a further look, else in rescue.c, where all others come in.
 */
#include "watch.h"

#include <stdarg.h>
#include <stdbool.h>

#include "real.h"
#include "record_call.h"
#include "record_file.h"

static struct real next;

static ssize_t seen(int fd, enum record_direction direction, bool nothing_asked, ssize_t ret)
{
	if (ret > 0 || nothing_asked)
		record_answered(fd, direction, ret);
	return ret;
}

/*
 * X(symbol, direction, nothing asked, parameters, arguments). A vectored call that returns 0 comes in
 * at rescue.c whatever it asked. The _chk names are not here: their next definitions are called only
 * to end the program, else those of read, pread and pread64.
 */
#define WATCHED(X) \
	X(read, RECORD_READ, !n, (int fd, void *buf, size_t n), (fd, buf, n)) \
	X(__read, RECORD_READ, !n, (int fd, void *buf, size_t n), (fd, buf, n)) \
	X(pread, RECORD_READ, !n, (int fd, void *buf, size_t n, off_t at), (fd, buf, n, at)) \
	X(pread64, RECORD_READ, !n, (int fd, void *buf, size_t n, off64_t at), (fd, buf, n, at)) \
	X(__pread64, RECORD_READ, !n, (int fd, void *buf, size_t n, off64_t at), (fd, buf, n, at)) \
	X(readv, RECORD_READ, false, (int fd, VECTOR), (fd, iov, n)) \
	X(preadv, RECORD_READ, false, (int fd, VECTOR, off_t at), (fd, iov, n, at)) \
	X(preadv64, RECORD_READ, false, (int fd, VECTOR, off64_t at), (fd, iov, n, at)) \
	X(preadv2, RECORD_READ, false, (int fd, VECTOR, off_t at, int rwf), (fd, iov, n, at, rwf)) \
	X(preadv64v2, RECORD_READ, false, (int fd, VECTOR, off64_t at, int rwf), (fd, iov, n, at, rwf)) \
	X(write, RECORD_WRITE, !n, (int fd, const void *buf, size_t n), (fd, buf, n)) \
	X(__write, RECORD_WRITE, !n, (int fd, const void *buf, size_t n), (fd, buf, n)) \
	X(pwrite, RECORD_WRITE, !n, (int fd, const void *buf, size_t n, off_t at), (fd, buf, n, at)) \
	X(pwrite64, RECORD_WRITE, !n, (int fd, const void *buf, size_t n, off64_t at), \
	  (fd, buf, n, at)) \
	X(__pwrite64, RECORD_WRITE, !n, (int fd, const void *buf, size_t n, off64_t at), \
	  (fd, buf, n, at)) \
	X(writev, RECORD_WRITE, false, (int fd, VECTOR), (fd, iov, n)) \
	X(pwritev, RECORD_WRITE, false, (int fd, VECTOR, off_t at), (fd, iov, n, at)) \
	X(pwritev64, RECORD_WRITE, false, (int fd, VECTOR, off64_t at), (fd, iov, n, at)) \
	X(pwritev2, RECORD_WRITE, false, (int fd, VECTOR, off_t at, int rwf), (fd, iov, n, at, rwf)) \
	X(pwritev64v2, RECORD_WRITE, false, (int fd, VECTOR, off64_t at, int rwf), \
	  (fd, iov, n, at, rwf))

#define VECTOR const struct iovec *iov, int n

#define WATCH_DEFINE(symbol, direction, nothing_asked, parameters, arguments) \
	static ssize_t watch_##symbol parameters \
	{ \
		return seen(fd, direction, nothing_asked, next.symbol arguments); \
	}

WATCHED(WATCH_DEFINE)

/*
 * What a number stands for is learned where that is certain, for the moments in which F_GETFL is not
 * to be relied on (record_direct()). The public functions always hand on a mode.
 */
#define OPENED(X) \
	X(open, (const char *path, int flags, ...), (path, flags, mode)) \
	X(open64, (const char *path, int flags, ...), (path, flags, mode)) \
	X(__open, (const char *path, int flags, ...), (path, flags, mode)) \
	X(__open64, (const char *path, int flags, ...), (path, flags, mode)) \
	X(openat, (int dirfd, const char *path, int flags, ...), (dirfd, path, flags, mode)) \
	X(openat64, (int dirfd, const char *path, int flags, ...), (dirfd, path, flags, mode))

#define WATCH_OPEN(symbol, parameters, arguments) \
	static int watch_##symbol parameters \
	{ \
		va_list ap; \
		mode_t mode; \
		int fd; \
 \
		va_start(ap, flags); \
		mode = va_arg(ap, mode_t); \
		va_end(ap); \
		fd = next.symbol arguments; \
		record_opened(fd, flags & O_DIRECT); \
		return fd; \
	}

OPENED(WATCH_OPEN)

/* The others that make a number stand for something, or for nothing. */
#define OTHERS(X) \
	X(__open_2, (const char *path, int flags), (path, flags), record_opened(fd, flags & O_DIRECT)) \
	X(__open64_2, (const char *path, int flags), (path, flags), \
	  record_opened(fd, flags & O_DIRECT)) \
	X(__openat_2, (int dirfd, const char *path, int flags), (dirfd, path, flags), \
	  record_opened(fd, flags & O_DIRECT)) \
	X(__openat64_2, (int dirfd, const char *path, int flags), (dirfd, path, flags), \
	  record_opened(fd, flags & O_DIRECT)) \
	X(creat, (const char *path, mode_t mode), (path, mode), record_opened(fd, false)) \
	X(creat64, (const char *path, mode_t mode), (path, mode), record_opened(fd, false)) \
	X(dup, (int from), (from), record_duplicated(from, fd)) \
	X(dup2, (int from, int to), (from, to), record_duplicated(from, fd)) \
	X(__dup2, (int from, int to), (from, to), record_duplicated(from, fd)) \
	X(dup3, (int from, int to, int flags), (from, to, flags), record_duplicated(from, fd))

#define WATCH_OTHER(symbol, parameters, arguments, then) \
	static int watch_##symbol parameters \
	{ \
		int fd = next.symbol arguments; \
 \
		then; \
		return fd; \
	}

OTHERS(WATCH_OTHER)

/* Before the call: after it the number may be another thread's already. */
static int watch_close(int fd)
{
	record_closes(fd);
	return next.close(fd);
}

static int watch___close(int fd)
{
	record_closes(fd);
	return next.__close(fd);
}

#define WATCH_PUT_IN(symbol, ...) real.symbol = watch_##symbol;

void watch_start(void)
{
	next = real;
	WATCHED(WATCH_PUT_IN)
	OPENED(WATCH_PUT_IN)
	OTHERS(WATCH_PUT_IN)
	real.close = watch_close;
	real.__close = watch___close;
}
