/*
 * Counts the calls that the kernel accepts as they are. See record_hooks.h.
 *
 * Each call of the program is counted once: here if the public function returns its result without
 * a further look, otherwise in rescue.c, where all others come in.
 */
#include "record_hooks.h"

#include <stdbool.h>

#include "hooks.h"
#include "next.h"
#include "record_call.h"
#include "record_file.h"
#include "transfers.h"

static struct real next;

static ssize_t seen(int fd, enum record_direction direction, bool nothing_asked, ssize_t ret)
{
	if (ret > 0 || nothing_asked)
		record_answered(fd, direction, ret);
	return ret;
}

/* What a number stands for is not learned here; a look at its flags tells (record_direct()). */
static long hook_number(long nr, const long x[6])
{
	int takes = transfer_takes(nr);
	long ret = next.syscall(nr, x[0], x[1], x[2], x[3], x[4], x[5]);

#ifdef SYS_io_uring_setup
	if (nr == SYS_io_uring_setup && ret >= 0)
		record_io_uring();
#endif
	if (nr == SYS_openat)
		record_opened((int)ret, x[2] & O_DIRECT);
#ifdef SYS_open
	if (nr == SYS_open)
		record_opened((int)ret, x[1] & O_DIRECT);
#endif
	if (takes < 0)
		return ret;
	return seen((int)x[0], takes & TRANSFER_WRITE ? RECORD_WRITE : RECORD_READ,
		    !(takes & TRANSFER_VECTOR) && !x[2], ret);
}

/* HOOK_<kind>(symbol) for each kind of symbols.h: the function that real.symbol points to. */
#define HOOK_BUFFER(symbol, direction, parameters, arguments) \
	static ssize_t hook_##symbol parameters \
	{ \
		return seen(fd, direction, !n, next.symbol arguments); \
	}

/* A call that returns 0 is counted in rescue.c, whatever it requested. */
#define HOOK_VECTOR(symbol, direction, parameters, arguments) \
	static ssize_t hook_##symbol parameters \
	{ \
		return seen(fd, direction, false, next.symbol arguments); \
	}

#define HOOK_read(symbol) \
	HOOK_BUFFER(symbol, RECORD_READ, (int fd, void *buf, size_t n), (fd, buf, n))
#define HOOK_PREAD(symbol, offset) \
	HOOK_BUFFER(symbol, RECORD_READ, (int fd, void *buf, size_t n, offset at), (fd, buf, n, at))
#define HOOK_readv(symbol) HOOK_VECTOR(symbol, RECORD_READ, (int fd, VECTOR), (fd, iov, n))
#define HOOK_PREADV(symbol, offset) \
	HOOK_VECTOR(symbol, RECORD_READ, (int fd, VECTOR, offset at), (fd, iov, n, at))
#define HOOK_PREADV2(symbol, offset) \
	HOOK_VECTOR(symbol, RECORD_READ, (int fd, VECTOR, offset at, int rwf), \
		    (fd, iov, n, at, rwf))

#define HOOK_write(symbol) \
	HOOK_BUFFER(symbol, RECORD_WRITE, (int fd, const void *buf, size_t n), (fd, buf, n))
#define HOOK_PWRITE(symbol, offset) \
	HOOK_BUFFER(symbol, RECORD_WRITE, (int fd, const void *buf, size_t n, offset at), \
		    (fd, buf, n, at))
#define HOOK_writev(symbol) HOOK_VECTOR(symbol, RECORD_WRITE, (int fd, VECTOR), (fd, iov, n))
#define HOOK_PWRITEV(symbol, offset) \
	HOOK_VECTOR(symbol, RECORD_WRITE, (int fd, VECTOR, offset at), (fd, iov, n, at))
#define HOOK_PWRITEV2(symbol, offset) \
	HOOK_VECTOR(symbol, RECORD_WRITE, (int fd, VECTOR, offset at, int rwf), \
		    (fd, iov, n, at, rwf))

/*
 * Records what a number refers to where that is certain, for the moments in which F_GETFL is not
 * reliable (record_direct()).
 */
#define HOOK_OPEN(symbol, parameters, arguments) \
	static int hook_##symbol parameters \
	{ \
		mode_t mode = MODE_AFTER(flags); \
		int fd = next.symbol arguments; \
\
		record_opened(fd, flags &O_DIRECT); \
		return fd; \
	}

#define HOOK_open(symbol) HOOK_OPEN(symbol, (const char *path, int flags, ...), (path, flags, mode))
#define HOOK_openat(symbol) \
	HOOK_OPEN(symbol, (int dirfd, const char *path, int flags, ...), (dirfd, path, flags, mode))

/* The others that make a number refer to something. */
#define HOOK_NUMBER(symbol, parameters, arguments, then) \
	static int hook_##symbol parameters \
	{ \
		int fd = next.symbol arguments; \
\
		then; \
		return fd; \
	}

#define HOOK_open_2(symbol) \
	HOOK_NUMBER(symbol, (const char *path, int flags), (path, flags), \
		    record_opened(fd, flags &O_DIRECT))
#define HOOK_openat_2(symbol) \
	HOOK_NUMBER(symbol, (int dirfd, const char *path, int flags), (dirfd, path, flags), \
		    record_opened(fd, flags &O_DIRECT))
/* EINVAL may be about the template. */
#define HOOK_mkostemp(symbol) \
	HOOK_NUMBER(symbol, (char *template, int flags), (template, flags), \
		    record_opened(fd, fd >= 0 && (flags & O_DIRECT)))
#define HOOK_mkostemps(symbol) \
	HOOK_NUMBER(symbol, (char *template, int suffix, int flags), (template, suffix, flags), \
		    record_opened(fd, fd >= 0 && (flags & O_DIRECT)))
#define HOOK_creat(symbol) \
	HOOK_NUMBER(symbol, (const char *path, mode_t mode), (path, mode), record_opened(fd, false))
#define HOOK_dup(symbol) HOOK_NUMBER(symbol, (int from), (from), record_duplicated(from, fd))
#define HOOK_dup2(symbol) \
	HOOK_NUMBER(symbol, (int from, int to), (from, to), record_duplicated(from, fd))
#define HOOK_dup3(symbol) \
	HOOK_NUMBER(symbol, (int from, int to, int flags), (from, to, flags), \
		    record_duplicated(from, fd))

/* Before the call: after it another thread may have the number already. */
#define HOOK_close(symbol) \
	static int hook_##symbol(int fd) \
	{ \
		record_closes(fd); \
		return next.symbol(fd); \
	}

/* By number. */
#define HOOK_syscall(symbol) HOOK_BY_NUMBER(symbol, hook_number)

/* Without hooks: public_copy.c counts them itself, each as a call on both of its files. */
#define HOOK_sendfile(symbol) HOOK_NONE(symbol, sendfile)
#define HOOK_splice(symbol) HOOK_NONE(symbol, splice)
#define HOOK_copy_file_range(symbol) HOOK_NONE(symbol, copy_file_range)

/* With a 32-bit off_t (symbols.h). */
#define HOOK_sendfile_off32(symbol) HOOK_NONE(symbol, sendfile_off32)

/* Without a hook: F_GETFL shows what it has changed. */
#define HOOK_openat2(symbol) HOOK_NONE(symbol, openat2)

DIOSHIM_SYMBOLS(HOOK_DEFINE)

void record_hooks_install(void)
{
	struct next_name liburing = { .name = "io_uring_queue_init" };

	/* What it moves is not seen: it makes its system calls inline. */
	next_find(&liburing, 1);
	if (liburing.at)
		record_liburing();
	next = real;
	DIOSHIM_SYMBOLS(HOOK_INSTALL)
}
