/* Requests beside others: of other threads, and aligned ones that are under way. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aio_test.h"
#include "raw.h"

enum { RECORD = 1000, RECORDS = 150, THREADS = 3 };

struct writer {
	int fd, number;
	aio_context_t ctx;
};

/* Writes records of its own, interleaved with those of the others; one thread fetches all events. */
static void *write_records(void *arg)
{
	struct writer *w = arg;
	static struct iocb cb[THREADS][RECORDS];
	char *memory = aligned((size_t)RECORDS * RECORD);

	for (int i = 0; i < RECORDS; i++) {
		char *at = memory + (size_t)i * RECORD;

		memset(at, 1 + w->number + i, RECORD);
		cb[w->number][i] =
			ask(IOCB_CMD_PWRITE, w->fd, at, RECORD, (i * THREADS + w->number) * RECORD);
		while (submit_one(w->ctx, &cb[w->number][i]) != 1)
			;
	}
	return NULL;
}

void aio_threads(const char *direct, const char *ordinary)
{
	int fd = open_file(direct, O_RDWR | O_CREAT | O_DIRECT);
	aio_context_t ctx = context(DEPTH);
	struct writer w[THREADS];
	pthread_t t[THREADS];
	struct io_event e;
	static char back[THREADS * RECORDS * RECORD];

	(void)ordinary;
	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct writer){ fd, i, ctx };
		pthread_create(&t[i], NULL, write_records, &w[i]);
	}
	for (int i = 0; i < THREADS * RECORDS; i++) {
		fetch(ctx, 1, &e);
		equal("a record", e.res, RECORD);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	equal("all of them", pread(fd, back, sizeof(back), 0), sizeof(back));
	for (int i = 0; i < THREADS * RECORDS; i++)
		for (int k = 0; k < RECORD && !wrong; k++)
			equal("a byte", back[i * RECORD + k],
			      (char)(1 + i % THREADS + i / THREADS));
}

/*
 * Aligned writes of sectors are under way while other bytes of their pages are written in pieces, and a neighbour
 * reads through the page cache and calls fsync(2). Everything is there afterwards, and nobody is told EIO.
 *
 * Of each page, sectors 0 to 5 belong to the first submitter, and the last two to the second, which makes aligned
 * requests only: on the same description, on one of its own, or in a child.
 */
enum { PAGES = 128, SECTOR = 512, LENGTH = PAGES * BLOCK };

static volatile bool over;

static void *neighbour(void *path)
{
	int fd = open_file(path, O_RDWR);
	static char block[65536];
	long failed = 0;

	while (!over) {
		for (long pos = 0; pos < LENGTH; pos += (long)sizeof(block))
			raw_syscall(SYS_pread64, fd, block, sizeof(block), pos);
		failed += raw_syscall(SYS_fsync, fd) != 0;
	}
	failed += raw_syscall(SYS_fsync, fd) != 0;
	equal("fsync(2) of a neighbour failed", failed, 0);
	close(fd);
	return NULL;
}

struct submitter {
	int fd;
	bool second;
	time_t until;
	unsigned char *want; /* LENGTH bytes */
};

/* The i-th of a round that begins in page `first`. */
static struct iocb choose(const struct submitter *s, unsigned char *memory, int first, int i)
{
	int page = first + i / 2;
	bool part = !s->second && i % 2;
	int sector = s->second ? 6 + i % 2 : 4 * (i % 2);
	bool shifted = part || (s->second && i / 2 % 2);
	unsigned char *at = memory + (size_t)i * 2 * SECTOR + shifted;
	long pos = (long)page * BLOCK + (long)sector * SECTOR + (part ? 3 : 0);
	size_t len = part ? SECTOR + 100 : SECTOR;

	memset(at, 1 + random_below(255), len);
	memcpy(s->want + pos, at, len);
	return ask(IOCB_CMD_PWRITE, s->fd, at, len, pos);
}

static void *submit_rounds(void *arg)
{
	const struct submitter *s = arg;
	unsigned char *memory = aligned(DEPTH * 2 * (size_t)SECTOR);
	aio_context_t ctx = context(DEPTH);
	struct io_event e[DEPTH];
	struct iocb cb[DEPTH];
	struct iocb *list[DEPTH];

	while (time(NULL) < s->until && !wrong) {
		int first = random_below(PAGES - DEPTH / 2);

		for (int i = 0; i < DEPTH; i++) {
			cb[i] = choose(s, memory, first, i);
			list[i] = &cb[i];
		}
		if (submit(ctx, DEPTH, list) != DEPTH)
			errx(1, "not all submitted");
		fetch(ctx, DEPTH, e);
		for (int i = 0; i < DEPTH; i++)
			holds("a write", e[i].res >= SECTOR);
	}
	return NULL;
}

static void verify(const char *direct, const unsigned char *want)
{
	static unsigned char back[LENGTH];
	int fd = open_file(direct, O_RDONLY | O_DIRECT);

	equal("read back", pread(fd, back, sizeof(back), 0), sizeof(back));
	holds("all bytes are there", !memcmp(want, back, sizeof(back)));
	close(fd);
	fd = open_file(direct, O_RDONLY);
	equal("read back", raw_syscall(SYS_pread64, fd, back, sizeof(back), 0L), sizeof(back));
	holds("all bytes are in the page cache", !memcmp(want, back, sizeof(back)));
	close(fd);
}

enum second { SAME_DESCRIPTION, OWN_DESCRIPTION, IN_CHILD };

static void beside(const char *direct, enum second second)
{
	unsigned char *want =
		mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open_file(direct, O_RDWR | O_CREAT | O_DIRECT);
	const char *seconds = getenv("AIO_SECONDS");
	time_t until = time(NULL) + (seconds ? atoi(seconds) : 1);
	struct submitter s[2] = { { fd, false, until, want }, { fd, true, until, want } };
	pthread_t t[2];
	pid_t child = 0;
	int status = 0;

	over = false;
	equal("filled", pwrite(fd, want, LENGTH, 0), LENGTH);
	if (second != SAME_DESCRIPTION)
		s[1].fd = open_file(direct, O_WRONLY | O_DIRECT);
	if (second == IN_CHILD)
		child = fork();
	if (second == IN_CHILD && !child) {
		submit_rounds(&s[1]);
		_exit(wrong);
	}
	pthread_create(&t[0], NULL, neighbour, (void *)(uintptr_t)direct);
	if (!child)
		pthread_create(&t[1], NULL, submit_rounds, &s[1]);
	submit_rounds(&s[0]);
	if (child)
		waitpid(child, &status, 0);
	else
		pthread_join(t[1], NULL);
	over = true;
	pthread_join(t[0], NULL);
	equal("status of the child", status, 0);
	verify(direct, want);
}

void aio_beside(const char *direct, const char *ordinary)
{
	static const char *const names[] = { "on one description", "on two", "in two processes" };

	int total = 0;

	(void)ordinary;
	for (enum second s = SAME_DESCRIPTION; s <= IN_CHILD; s++) {
		beside(direct, s);
		total += wrong;
		if (wrong)
			printf("(%s)\n", names[s]);
		wrong = 0;
	}
	wrong = total;
}
