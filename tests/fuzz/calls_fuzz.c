/*
 * Fuzzes whole calls with libFuzzer. The input is a sequence of reads, writes and changes, which
 * are made on an O_DIRECT file and on an ordinary one. The two must not differ in anything that a
 * program can observe. It is the differential test with libFuzzer in place of random numbers.
 *
 * The shim is linked in, so that read() is the shim's function. The ordinary file's calls use
 * syscall(2). DIOSHIM_FUZZ_DIRS names the directories to work in, which should be on filesystems
 * that refuse misaligned direct I/O. tests/fuzz/run builds and starts it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls_input.h"
#include "raw.h"

enum { ORDINARY, DIRECT, SIDES };

#define MOST_DIRS 8
#define MOST_CALLS 12

struct side {
	char path[PATH_MAX];
	int fd;
	int witness; /* an ordinary descriptor for comparisons and other programs' writes */
	unsigned char *arena;
};

static struct place {
	struct side side[SIDES];
} places[MOST_DIRS];
static size_t place_count;

static volatile sig_atomic_t file_size_signals;

static void count_signal(int number)
{
	(void)number;
	file_size_signals++;
}

static void make_side(struct side *side, const char *dir, const char *name)
{
	snprintf(side->path, sizeof(side->path), "%s/%s.%d", dir, name, (int)getpid());
	side->witness = open(side->path, O_CREAT | O_TRUNC | O_RDWR, 0600);
	/* The page after the arena is inaccessible. */
	side->arena = mmap(NULL, ARENA + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (side->witness < 0 || side->arena == MAP_FAILED ||
	    mprotect(side->arena + ARENA, 4096, PROT_NONE))
		err(1, "%s", side->path);
}

static void remove_files(void)
{
	for (size_t i = 0; i < place_count; i++)
		for (int which = 0; which < SIDES; which++)
			unlink(places[i].side[which].path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *names = getenv("DIOSHIM_FUZZ_DIRS");
	char *words = names ? strdup(names) : NULL;

	(void)argc;
	(void)argv;
	for (char *dir = words ? strtok(words, " ") : NULL; dir; dir = strtok(NULL, " ")) {
		if (place_count == MOST_DIRS)
			break;
		make_side(&places[place_count].side[ORDINARY], dir, "ordinary");
		make_side(&places[place_count++].side[DIRECT], dir, "direct");
	}
	if (!place_count)
		errx(1, "DIOSHIM_FUZZ_DIRS names no directory");
	free(words);
	signal(SIGXFSZ, count_signal);
	atexit(remove_files);
	return 0;
}

static off_t size_of(const struct side *side)
{
	struct stat st;

	if (fstat(side->witness, &st))
		err(1, "fstat");
	return st.st_size;
}

static long transfer(const struct call *c, const struct side *side, bool direct)
{
	struct iovec iov[MOST_PIECES];
	int fd = side->fd;

	for (int i = 0; i < c->count; i++)
		iov[i] = (struct iovec){ side->arena + c->piece[i].at, c->piece[i].len };
	switch (c->op) {
	case READ:
		return direct ? read(fd, iov->iov_base, iov->iov_len)
			      : raw_syscall(SYS_read, fd, iov->iov_base, iov->iov_len);
	case PREAD:
		return direct ? pread(fd, iov->iov_base, iov->iov_len, c->pos)
			      : raw_syscall(SYS_pread64, fd, iov->iov_base, iov->iov_len, c->pos);
	case READV:
		return direct ? readv(fd, iov, c->count)
			      : raw_syscall(SYS_readv, fd, iov, c->count);
	case PREADV:
		return direct ? preadv(fd, iov, c->count, c->pos)
			      : raw_syscall(SYS_preadv, fd, iov, c->count, c->pos, 0L);
	case PREADV2:
		return direct ? preadv2(fd, iov, c->count, c->pos, c->flags)
			      : raw_syscall(SYS_preadv2, fd, iov, c->count, c->pos, 0L, c->flags);
	case WRITE:
		return direct ? write(fd, iov->iov_base, iov->iov_len)
			      : raw_syscall(SYS_write, fd, iov->iov_base, iov->iov_len);
	case PWRITE:
		return direct ? pwrite(fd, iov->iov_base, iov->iov_len, c->pos)
			      : raw_syscall(SYS_pwrite64, fd, iov->iov_base, iov->iov_len, c->pos);
	case WRITEV:
		return direct ? writev(fd, iov, c->count)
			      : raw_syscall(SYS_writev, fd, iov, c->count);
	case PWRITEV:
		return direct ? pwritev(fd, iov, c->count, c->pos)
			      : raw_syscall(SYS_pwritev, fd, iov, c->count, c->pos, 0L);
	default:
		return direct ? pwritev2(fd, iov, c->count, c->pos, c->flags)
			      : raw_syscall(SYS_pwritev2, fd, iov, c->count, c->pos, 0L, c->flags);
	}
}

static int open_side(const struct side *side, bool direct, int flags)
{
	flags |= O_RDWR;
	return direct ? open(side->path, flags | O_DIRECT)
		      : (int)raw_syscall(SYS_openat, AT_FDCWD, side->path, flags);
}

static long change(const struct call *c, struct side *side, bool direct)
{
	switch (c->op) {
	case SEEK:
		return lseek(side->fd, c->pos, SEEK_SET);
	case TRUNCATE:
		return ftruncate(side->fd, c->pos);
	case SETFL:
		return direct ? fcntl(side->fd, F_SETFL, c->flags | O_DIRECT)
			      : raw_syscall(SYS_fcntl, side->fd, F_SETFL, c->flags);
	case REOPEN:
		close(side->fd);
		side->fd = open_side(side, direct, c->flags);
		return side->fd < 0 ? -1 : 0;
	default: /* a write of another program, without the shim */
		return raw_syscall(SYS_pwrite64, side->witness, side->arena + c->piece[0].at,
				   c->piece[0].len, c->pos);
	}
}

static void set_limit(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_FSIZE, &limit))
		err(1, "RLIMIT_FSIZE");
}

struct outcome {
	long ret;
	int error;
	off_t size;
	off_t offset;
	int signals; /* SIGXFSZ */
};

static struct outcome make_call(const struct call *c, struct side *side, bool direct)
{
	struct outcome o = { 0 };
	int signals = file_size_signals;

	if (c->limit != RLIM_INFINITY)
		set_limit(c->limit);
	errno = 0;
	o.ret = c->op < SEEK ? transfer(c, side, direct) : change(c, side, direct);
	o.error = errno;
	if (c->limit != RLIM_INFINITY)
		set_limit(RLIM_INFINITY);
	o.signals = file_size_signals - signals;
	o.size = size_of(side);
	o.offset = lseek(side->fd, 0, SEEK_CUR);
	return o;
}

static void differ(const char *what, const struct call *c, const struct outcome *o)
{
	fprintf(stderr, "MISMATCH in %s: op=%d pos=%lld flags=%#x limit=%llu pieces:", what, c->op,
		(long long)c->pos, (unsigned)c->flags, (unsigned long long)c->limit);
	for (int i = 0; i < c->count; i++)
		fprintf(stderr, " %#zx:%zu", c->piece[i].at, c->piece[i].len);
	for (int which = 0; o && which < SIDES; which++)
		fprintf(stderr, "\n  %s: ret=%ld errno=%d size=%lld offset=%lld",
			which ? "direct" : "ordinary", o[which].ret, o[which].error,
			(long long)o[which].size, (long long)o[which].offset);
	fputc('\n', stderr);
	abort();
}

/* Returns the size of the arena's part with all pieces and a page after the last. */
static size_t arena_used(const struct call *c)
{
	size_t used = 0;

	for (int i = 0; i < c->count; i++)
		if (c->piece[i].at + c->piece[i].len + 4096 > used)
			used = c->piece[i].at + c->piece[i].len + 4096;
	return used < ARENA ? used : ARENA;
}

static void fill_arenas(const struct call *c, struct place *place)
{
	static unsigned char pattern[ARENA + 256];

	for (size_t n = pattern[1] ? sizeof(pattern) : 0; n < sizeof(pattern); n++)
		pattern[n] = (unsigned char)(n * 5 + n / 241);
	for (int which = 0; which < SIDES; which++)
		memcpy(place->side[which].arena, pattern + c->fill % 256, arena_used(c));
}

/* Bytes that were requested but not read may have any value, see tests/differential_check.c. */
static void forgive_unread(const struct call *c, struct place *place, long ret)
{
	size_t got = ret > 0 ? (size_t)ret : 0;

	for (int i = 0; i < c->count; i++) {
		size_t at = c->piece[i].at;
		size_t len = c->piece[i].len;
		size_t part = len < got ? len : got;

		got -= part;
		if (at + len > ARENA)
			len = ARENA - at;
		if (part < len)
			memcpy(place->side[DIRECT].arena + at + part,
			       place->side[ORDINARY].arena + at + part, len - part);
	}
}

static void print_first_difference(const char *what, const unsigned char *ordinary,
				   const unsigned char *direct, size_t len, off_t start)
{
	size_t at = 0;

	while (at < len && direct[at] == ordinary[at])
		at++;
	fprintf(stderr, "%s differs at %lld: ordinary %#x, direct %#x\n", what,
		(long long)start + (long long)at, ordinary[at], direct[at]);
}

static void compare_files(struct place *place, const struct call *last)
{
	static unsigned char bytes[SIDES][1 << 16];
	off_t size = size_of(&place->side[ORDINARY]);

	for (off_t at = 0; at < size; at += sizeof(bytes[0])) {
		long got[SIDES];

		for (int which = 0; which < SIDES; which++)
			got[which] = raw_syscall(SYS_pread64, place->side[which].witness,
						 bytes[which], sizeof(bytes[0]), at);
		if (got[0] == got[1] && got[0] > 0 && !memcmp(bytes[0], bytes[1], (size_t)got[0]))
			continue;
		print_first_difference("the file", bytes[ORDINARY], bytes[DIRECT], (size_t)got[0],
				       at);
		differ("file contents", last, NULL); /* or in an earlier call */
	}
}

/*
 * Returns whether this is a write from memory of which a part is inaccessible. If the kernel
 * accepts the direct call, it stops at a block boundary, or fails with EFAULT (on ext4, where a
 * part may be in the file already). XFS (Linux 6.18) reports up to a block too much, and on an
 * ordinary descriptor leaves stale memory in a hole. So only the return value can be compared: it
 * must not be larger than on an ordinary descriptor.
 */
static bool from_partly_bad_memory(const struct call *c)
{
	bool bad = false;

	for (int i = 0; i < c->count; i++)
		bad |= c->piece[i].at + c->piece[i].len > ARENA;
	return bad && c->op >= WRITE;
}

/* Makes and compares one call. Returns false if the two files may differ from now on. */
static bool one_call(struct call *c, struct place *place)
{
	struct outcome o[SIDES];

	fill_arenas(c, place);
	for (int which = 0; which < SIDES; which++)
		o[which] = make_call(c, &place->side[which], which == DIRECT);
	if (from_partly_bad_memory(c)) {
		if (o[DIRECT].ret > o[ORDINARY].ret)
			differ("return value", c, o);
		return false;
	}
	if (o[DIRECT].ret != o[ORDINARY].ret)
		differ("return value", c, o);
	if (o[DIRECT].error != o[ORDINARY].error)
		differ("errno", c, o);
	if (o[DIRECT].size != o[ORDINARY].size)
		differ("size", c, o);
	if (o[DIRECT].offset != o[ORDINARY].offset)
		differ("offset", c, o);
	if (o[DIRECT].signals != o[ORDINARY].signals)
		differ("SIGXFSZ", c, o);
	if (c->op <= PREADV2)
		forgive_unread(c, place, o[ORDINARY].ret);
	if (memcmp(place->side[DIRECT].arena, place->side[ORDINARY].arena, arena_used(c))) {
		print_first_difference("memory", place->side[ORDINARY].arena,
				       place->side[DIRECT].arena, arena_used(c), 0);
		/* If the files differ, report that instead. */
		compare_files(place, c);
		differ("memory", c, o);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct place *place;
	struct call c = { 0 };
	bool alike = true;
	unsigned first;

	input_start(data, size);
	first = take_byte();
	place = &places[first % place_count];
	for (int which = 0; which < SIDES; which++) {
		struct side *side = &place->side[which];

		if (ftruncate(side->witness, 0))
			err(1, "ftruncate");
		side->fd = open_side(side, which == DIRECT, first & 0x80 ? O_APPEND : 0);
		if (side->fd < 0)
			err(1, "%s", side->path);
	}
	for (int n = 0; alike && input_rest() && n < MOST_CALLS; n++) {
		take_call(&c, size_of(&place->side[ORDINARY]));
		alike = one_call(&c, place);
	}
	if (first & 0x40)
		posix_fadvise(place->side[DIRECT].witness, 0, 0, POSIX_FADV_DONTNEED);
	if (alike)
		compare_files(place, &c);
	for (int which = 0; which < SIDES; which++)
		close(place->side[which].fd);
	return 0;
}
