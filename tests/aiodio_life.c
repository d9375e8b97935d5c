/* Flags, descriptors and contexts that change or go away while requests are under way. See aiodio.h. */
#include "aiodio.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw.h"

enum { SIZE = 256 << 10 };

static void *toggle_direct(void *helper)
{
	struct helper *h = helper;

	while (going_on()) {
		int flags = fcntl(h->fd, F_GETFL);

		if (flags < 0 || fcntl(h->fd, F_SETFL, flags ^ O_DIRECT))
			wrong("F_SETFL: %s", strerror(errno));
		usleep(below(&h->seed, 300));
	}
	return NULL;
}

/* The ranges of a round are apart, half of them whole blocks. */
static void choose_round(struct iocb *cb, int fd, unsigned char *memory, unsigned *seed,
			 unsigned char *want)
{
	enum { PART = SIZE / DEPTH };

	for (int i = 0; i < DEPTH; i++) {
		bool whole = below(seed, 2);
		off_t pos = i * PART + (off_t)(whole ? 4096 * below(seed, 4) : below(seed, 9000));
		size_t len = whole ? 4096 * (1 + below(seed, 3)) : 1 + below(seed, 9000);
		unsigned char *from = memory + i * PART + (whole ? 0 : below(seed, 8));

		memset(from, 'a' + (int)below(seed, 26), len);
		memcpy(want + pos, from, len);
		cb[i] = write_of(fd, from, len, pos);
	}
}

static void check_file(const unsigned char *want)
{
	static unsigned char back[SIZE];
	int fd = open_path(O_RDONLY);

	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (raw_syscall(SYS_pread64, fd, back, SIZE, 0L) != SIZE || memcmp(back, want, SIZE) != 0)
		wrong("other bytes in the file");
	close(fd);
}

static unsigned char want[SIZE];

/* A new file of SIZE bytes 0. */
static int open_filled(void)
{
	int fd = open_new();

	memset(want, 0, SIZE);
	if (raw_syscall(SYS_pwrite64, fd, memset(page_of_memory(SIZE), 0, SIZE), SIZE, 0L) != SIZE)
		err(2, "%s", path);
	return fd;
}

/* Every round writes all over again; the last one wins. */
static void rounds(int fd)
{
	aio_context_t ctx = new_context();
	unsigned char *memory = page_of_memory(SIZE + 8);
	struct iocb cb[DEPTH];
	unsigned seed = 7;

	while (going_on()) {
		choose_round(cb, fd, memory, &seed, want);
		submit_all(ctx, cb, DEPTH);
		fetch_all(ctx, DEPTH);
	}
	check_file(want);
}

static void cycle_write(void)
{
	rounds(open_filled());
}

static bool is_whole(const struct iocb *cb)
{
	return !((cb->aio_buf | cb->aio_nbytes | (uint64_t)cb->aio_offset) % 4096);
}

/*
 * A misaligned request that is submitted in the moment in which O_DIRECT is set may be refused in its event; then it has
 * written nothing. All others succeed. (Without the shim, each misaligned one that meets O_DIRECT is refused: this part
 * does not fail there.)
 */
static void check_round(const struct io_event *events, long *refused)
{
	for (int i = 0; i < DEPTH; i++) {
		const struct iocb *cb = (const struct iocb *)(uintptr_t)events[i].obj;

		if (events[i].res == (int64_t)cb->aio_nbytes)
			memcpy(want + cb->aio_offset, (void *)(uintptr_t)cb->aio_buf,
			       cb->aio_nbytes);
		else if (events[i].res != -EINVAL || is_whole(cb))
			wrong("%lld for %llu bytes at %lld", (long long)events[i].res,
			      (unsigned long long)cb->aio_nbytes, (long long)cb->aio_offset);
		else
			++*refused;
	}
}

static void flag_race(void)
{
	static unsigned char ignored[SIZE];
	int fd = open_filled();
	struct helper toggler = { toggle_direct, fd, 1, NULL, 0 };
	aio_context_t ctx = new_context();
	unsigned char *memory = page_of_memory(SIZE + 8);
	struct io_event events[DEPTH];
	struct iocb cb[DEPTH];
	unsigned seed = 9;
	long refused = 0;
	long made = 0;

	start(&toggler);
	for (; going_on(); made += DEPTH) {
		choose_round(cb, fd, memory, &seed, ignored);
		submit_all(ctx, cb, DEPTH);
		fetch_any(ctx, DEPTH, events);
		check_round(events, &refused);
	}
	stop(&toggler);
	check_file(want);
	printf("%ld of %ld refused\n", refused, made);
}

/*
 * The descriptor is closed, its number is another file's, and the context is destroyed, while requests are under way.
 * All of them end in their own file.
 */
static void last_reference(void)
{
	unsigned char *memory = page_of_memory(SIZE + 8);
	struct iocb cb[DEPTH];
	unsigned seed = 8;

	close(open_filled());
	while (going_on()) {
		aio_context_t ctx = new_context();
		int fd = open_path(O_RDWR | O_DIRECT);
		int victim = memfd_create("victim", MFD_CLOEXEC);

		choose_round(cb, fd, memory, &seed, want);
		submit_all(ctx, cb, DEPTH);
		if (below(&seed, 2) ? dup2(victim, fd) < 0 : close(fd))
			err(2, "close");
		if (raw_syscall(SYS_io_destroy, ctx))
			wrong("io_destroy: %s", strerror(errno));
		if (lseek(victim, 0, SEEK_END))
			wrong("bytes in another file");
		close(victim);
		close(fd);
	}
	check_file(want);
}

/* With a context that is none, or whose ring is gone, nothing is written. */
static void bogus_context(void)
{
	int fd = open_filled();
	unsigned char *memory = page_of_memory(4096);
	aio_context_t none = 0;
	aio_context_t gone = new_context();
	struct iocb cb = write_of(fd, memset(memory, 'x', 4096), 1000, 5);
	struct iocb *list[] = { &cb };

	if (!raw_syscall(SYS_io_setup, 0x7fffffff, &none))
		wrong("a context for 2^31 - 1 requests");
	munmap((void *)gone, 4096);
	for (int i = 0; i < 3; i++) {
		aio_context_t ctx = i == 0 ? 0 : i == 1 ? gone : (aio_context_t)(uintptr_t)memory;

		if (syscall(SYS_io_submit, ctx, 1L, list) != -1 || errno != EINVAL)
			wrong("context %d: %s", i, strerror(errno));
	}
	check_file(want);
	/* Others go on. */
	none = new_context();
	memset(want + 5, 'x', 1000);
	submit_all(none, &cb, 1);
	fetch_all(none, 1);
	check_file(want);
}

const struct part parts_of_life[] = {
	{ "cycle_write", cycle_write },
	{ "flag_race", flag_race },
	{ "last_reference", last_reference },
	{ "bogus_context", bogus_context },
	{ NULL, NULL },
};
