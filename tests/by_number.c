/*
 * The covered calls by number, through syscall(2):
 *
 *	by_number transfers DIRECT ORDINARY   the same calls on an O_DIRECT file and on an ordinary one have the
 *	                                      same answers, errno, bytes and offsets
 *	by_number numbers FILE                descriptors opened, duplicated, changed and closed by number
 *	by_number others                      all other numbers, with six arguments, as without the shim
 *	by_number count FILE                  one aligned call by each number, for record.bats to count
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"
#include "transfers.h"

enum { ROOM = 65536, BLOCK = 4096 };

static char *memory; /* ROOM bytes, aligned */
static int wrong;

static void equal(const char *what, long got, long wanted)
{
	if (got == wanted)
		return;
	wrong++;
	printf("%s: %ld, not %ld\n", what, got, wanted);
}

static void holds(const char *what, bool right, const char *otherwise)
{
	if (right)
		return;
	wrong++;
	printf("%s: %s\n", what, otherwise);
}

static int open_file(const char *path, int flags)
{
	int fd = (int)raw_syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

	if (fd < 0)
		err(99, "%s", path);
	return fd;
}

/* --- The same calls on both --- */

struct side {
	int fd;
	char *at; /* of `memory`, for this side */
};

struct variant {
	const char *name;
	size_t shift, len;
	long pos;
	long count; /* of iovecs */
	int flags;
	bool bad; /* the memory is not there */
};

static const struct variant variants[] = {
	{ "aligned", 0, BLOCK, BLOCK, 1, 0, false },
	{ "address", 13, BLOCK, BLOCK, 1, 0, false },
	{ "length", 0, 1000, 0, 1, 0, false },
	{ "length and offset", 5, 9001, 77, 1, 0, false },
	{ "nothing", 1, 0, 3, 1, 0, false },
	{ "two segments", 1, 600, 12345, 2, 0, false },
	{ "no segments", 1, 600, 5, 0, 0, false },
	{ "too many segments", 1, 600, 5, IOV_MAX + 1, 0, false },
	{ "a count of more than 32 bits", 1, 600, 5, (1L << 32) + 1, 0, false },
	{ "a negative count", 1, 600, 5, -1, 0, false },
	{ "a negative offset", 1, 600, -5, 1, 0, false },
	{ "the description's offset", 1, 600, -1, 1, 0, false },
	{ "an unknown flag", 1, 600, 5, 1, 0x40000000, false },
	{ "RWF_DSYNC", 1, 600, 5, 1, 2, false },
	{ "bad memory", 1, 600, 5, 1, 0, true },
	{ "beyond the end", 1, 5000, 30000, 1, 0, false },
};

static long by_number(long nr, const struct side *s, const struct variant *v, bool raw)
{
	int takes = transfer_takes(nr);
	char *buf = v->bad ? NULL : s->at + v->shift;
	const struct iovec iov[2] = { { buf, v->len }, { buf ? buf + v->len + 1 : NULL, v->len } };

	errno = 7777;
	if (!(takes & TRANSFER_VECTOR))
		return raw ? raw_syscall(nr, s->fd, buf, v->len, v->pos)
			   : syscall(nr, s->fd, buf, v->len, v->pos);
	return raw ? raw_syscall(nr, s->fd, iov, v->count, v->pos, 0x5555L, v->flags)
		   : syscall(nr, s->fd, iov, v->count, v->pos, 0x5555L, v->flags);
}

static long offset_of(int fd)
{
	return raw_syscall(SYS_lseek, fd, 0L, SEEK_CUR);
}

static void compare_files(const char *what, int a, int b)
{
	static char bytes[2][ROOM];
	long n[2];

	n[0] = raw_syscall(SYS_pread64, a, bytes[0], ROOM, 0L);
	n[1] = raw_syscall(SYS_pread64, b, bytes[1], ROOM, 0L);
	equal(what, n[0], n[1]);
	holds(what, n[0] < 0 || !memcmp(bytes[0], bytes[1], (size_t)n[0]), "other bytes");
}

static void transfers(const char *direct_path, const char *ordinary_path)
{
	struct side direct = { open_file(direct_path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT),
			       memory };
	struct side ordinary = { open_file(ordinary_path, O_RDWR | O_CREAT | O_TRUNC),
				 memory + ROOM };
	int witness = open_file(direct_path, O_RDONLY);
	static const long numbers[] = {
#define NUMBER(call, takes) SYS_##call,
		DIOSHIM_TRANSFERS(NUMBER)
	};

	for (int i = 0; i < 2 * ROOM; i++)
		memory[i] = (char)(i % ROOM * 31 >> 3);
	raw_syscall(SYS_ftruncate, direct.fd, 32000L);
	raw_syscall(SYS_ftruncate, ordinary.fd, 32000L);
	for (size_t n = 0; n < sizeof(numbers) / sizeof(*numbers); n++)
		for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
			long nr = numbers[n];
			char what[128];
			long ret[2];
			int error[2];

			snprintf(what, sizeof(what), "%s, %s", transfer_name(nr), variants[i].name);
			ret[0] = by_number(nr, &direct, &variants[i], false);
			error[0] = errno;
			ret[1] = by_number(nr, &ordinary, &variants[i], true);
			error[1] = errno;
			equal(what, ret[0], ret[1]);
			equal(what, error[0], error[1]);
			equal(what, offset_of(direct.fd), offset_of(ordinary.fd));
			holds(what, !memcmp(direct.at, ordinary.at, ROOM), "other memory");
			compare_files(what, witness, ordinary.fd);
		}
}

/* --- Descriptors by number --- */

/* Does a misaligned write through it arrive, and is it direct still? */
static void check_direct(const char *what, int fd)
{
	static char mark;
	char *back = memory + BLOCK + 3;

	memset(memory, ++mark, BLOCK);
	equal(what, syscall(SYS_pwrite64, fd, memory + 1, 700L, 5L), 700);
	equal(what, pread(fd, back, 700, 5), 700);
	holds(what, !memcmp(back, memory, 700), "other bytes");
	holds(what, syscall(SYS_fcntl, fd, F_GETFL) & O_DIRECT, "not direct");
}

/* By number, all of this: the memory of the shim must not lag behind. */
static void numbers(const char *path)
{
	struct open_how how = { .flags = O_RDWR | O_DIRECT };
	const struct iovec iov = { memory, BLOCK };
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_DIRECT, 0600);
	struct stat st;
	int other;
	long ret;

	check_direct("openat", fd);
	equal("mode", fstat(fd, &st) | (st.st_mode & 0777), 0600);
	check_direct("dup", other = (int)syscall(SYS_dup, fd));
	equal("close", syscall(SYS_close, other), 0);
	equal("closed", syscall(SYS_pwrite64, other, memory + 1, 700L, 5L), -1);
	equal("closed", errno, EBADF);
	equal("dup3", syscall(SYS_dup3, fd, 77L, O_CLOEXEC), 77);
	check_direct("dup3", 77);
	check_direct("F_DUPFD", other = (int)syscall(SYS_fcntl, fd, F_DUPFD, 50L));
	equal("F_DUPFD", other, 50);
#ifdef SYS_dup2
	equal("dup2", syscall(SYS_dup2, fd, 77L), 77);
	equal("dup2, itself", syscall(SYS_dup2, 77L, 77L), 77);
	check_direct("dup2", 77);
#endif
	/* Both numbers stand for ordinary descriptors now: one call each, and no flag is changed. */
	equal("dup3", syscall(SYS_dup3, open_file(path, O_RDWR), 77L, 0L), 77);
	equal("ordinary", syscall(SYS_pwrite64, 77L, memory + 1, 700L, 5L), 700);
	holds("ordinary", !(raw_syscall(SYS_fcntl, 77, F_GETFL) & O_DIRECT), "direct");
	equal("close_range", syscall(SYS_close_range, 50L, 50L, 0L), 0);
	equal("close_range", syscall(SYS_writev, 50L, &iov, 1L), -1);
	/* F_SETFL. */
	equal("F_SETFL", syscall(SYS_fcntl, fd, F_SETFL, O_APPEND | O_DIRECT), 0);
	raw_syscall(SYS_ftruncate, fd, 100L);
	equal("append", syscall(SYS_write, fd, memory + 1, 50L), 50);
	equal("append", fstat(fd, &st) | st.st_size, 150);
	equal("F_SETFL", syscall(SYS_fcntl, fd, F_SETFL, 0L), 0);
	equal("off", raw_syscall(SYS_fcntl, fd, F_GETFL) & O_DIRECT, 0);
	equal("off", syscall(SYS_pwrite64, fd, memory + 1, 7L, 5L), 7);
	equal("off", raw_syscall(SYS_fcntl, fd, F_GETFL) & O_DIRECT, 0);
	ret = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (ret >= 0 || errno != ENOSYS)
		check_direct("openat2", (int)ret);
#ifdef SYS_open
	check_direct("open", (int)syscall(SYS_open, path, O_RDWR | O_DIRECT));
	other = (int)syscall(SYS_creat, path, 0600L);
	equal("creat", syscall(SYS_write, other, memory + 1, 50L), 50);
#endif
	equal("open, a bad path", syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY | O_DIRECT), -1);
	equal("open, a bad path", errno, EFAULT);
}

/* --- All other numbers --- */

static void others(void)
{
	static const long unknown[] = { 511, 512, 100000, LONG_MAX, LONG_MIN, -1, -2 };
	int fd = memfd_create("six", 0);
	uint32_t words[2] = { 1, 1 };
	char *map;
	pid_t child;
	int status;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		long ret = raw_syscall(unknown[i], 1L, 2L, 3L, 4L, 5L, 6L);
		int error = errno;

		equal("an unknown number", syscall(unknown[i], 1L, 2L, 3L, 4L, 5L, 6L), ret);
		equal("an unknown number", errno, error);
	}
	/* The sixth argument is an offset. */
	raw_syscall(SYS_ftruncate, fd, 3L * BLOCK);
	raw_syscall(SYS_pwrite64, fd, "six", 3L, 2L * BLOCK);
	map = (char *)syscall(SYS_mmap, NULL, (long)BLOCK, (long)PROT_READ, (long)MAP_SHARED,
			      (long)fd, 2L * BLOCK);
	holds("mmap", map != MAP_FAILED && !strcmp(map, "six"), "other bytes");
	/* The sixth argument is a value to compare. */
	errno = 0;
	equal("futex",
	      syscall(SYS_futex, &words[0], (long)FUTEX_CMP_REQUEUE, 0L, 0L, &words[1], 2L), -1);
	equal("futex", errno, EAGAIN);
	equal("futex",
	      syscall(SYS_futex, &words[0], (long)FUTEX_CMP_REQUEUE, 0L, 0L, &words[1], 1L), 0);
	errno = 7777;
	equal("getpid", syscall(SYS_getpid), getpid());
	equal("errno", errno, 7777);
#ifdef SYS_fork
	child = (pid_t)syscall(SYS_fork);
	if (!child)
		_exit(42);
	equal("fork", waitpid(child, &status, 0), child);
	equal("fork", WEXITSTATUS(status), 42);
#else
	(void)child;
	(void)status;
#endif
}

static void count(const char *path)
{
	int fd = open_file(path, O_RDWR | O_DIRECT);
	const struct iovec iov = { memory, BLOCK };

#define CALL(call, takes) \
	equal(#call, \
	      (takes)&TRANSFER_VECTOR ? syscall(SYS_##call, fd, &iov, 1L, 0L, 0L, 0L) \
				      : syscall(SYS_##call, fd, memory, (long)BLOCK, 0L), \
	      BLOCK);
	DIOSHIM_TRANSFERS(CALL)
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	memory = aligned_alloc(BLOCK, 2 * ROOM);
	if (!memory)
		err(99, "memory");
	memset(memory, 'm', 2 * ROOM);
	if (!strcmp(what, "transfers") && argc == 4)
		transfers(argv[2], argv[3]);
	else if (!strcmp(what, "numbers") && argc == 3)
		numbers(argv[2]);
	else if (!strcmp(what, "others") && argc == 2)
		others();
	else if (!strcmp(what, "count") && argc == 3)
		count(argv[2]);
	else
		errx(99, "usage: by_number transfers DIRECT ORDINARY | numbers FILE | others | "
			 "count FILE");
	return wrong != 0;
}
