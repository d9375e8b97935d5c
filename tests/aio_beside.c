/* Requests beside others: of other threads, and aligned ones that are under way. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "aio.h"
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
		cb[w->number][i] = ask(IOCB_CMD_PWRITE, w->fd, at, RECORD, (i * THREADS + w->number) * RECORD);
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
			equal("a byte", back[i * RECORD + k], (char)(1 + i % THREADS + i / THREADS));
}

/*
 * Aligned writes of sectors are under way while the other sectors of their pages, and bytes of those, are written
 * in pieces, and a neighbour reads through the page cache and calls fsync(2). Everything is there afterwards, and
 * nobody is told EIO.
 */
static volatile bool over;

static void *neighbour(void *path)
{
	int fd = open_file(path, O_RDWR);
	static char block[65536];
	long failed = 0;

	while (!over) {
		for (long pos = 0; pos < 512 * 1024; pos += (long)sizeof(block))
			raw_syscall(SYS_pread64, fd, block, sizeof(block), pos);
		failed += raw_syscall(SYS_fsync, fd) != 0;
	}
	failed += raw_syscall(SYS_fsync, fd) != 0;
	equal("fsync(2) of a neighbour failed", failed, 0);
	close(fd);
	return NULL;
}

enum { SECTORS = 1024, SECTOR = 512 };

static void rounds(int fd, aio_context_t ctx, unsigned char *want, long until)
{
	unsigned char *memory = aligned(DEPTH * 2 * (size_t)SECTOR);
	struct io_event e[DEPTH];
	struct iocb cb[DEPTH];
	struct iocb *list[DEPTH];

	while (time(NULL) < until && !wrong) {
		int first = random_below(SECTORS - 2 * DEPTH);

		for (int i = 0; i < DEPTH; i++) {
			int sector = first + 2 * i;
			bool part = i % 4 == 3;
			unsigned char *at = memory + (size_t)i * 2 * SECTOR + part;
			long pos = (long)sector * SECTOR + (part ? 3 : 0);
			size_t len = part ? SECTOR + 100 : SECTOR;

			memset(at, 1 + random_below(255), len);
			memcpy(want + pos, at, len);
			cb[i] = ask(IOCB_CMD_PWRITE, fd, at, len, pos);
			list[i] = &cb[i];
		}
		if (submit(ctx, DEPTH, list) != DEPTH)
			errx(1, "not all submitted");
		fetch(ctx, DEPTH, e);
		for (int i = 0; i < DEPTH; i++)
			holds("a write", e[i].res >= SECTOR);
	}
}

void aio_beside(const char *direct, const char *ordinary)
{
	static unsigned char want[SECTORS * SECTOR], back[SECTORS * SECTOR];
	int fd = open_file(direct, O_RDWR | O_CREAT | O_DIRECT);
	const char *seconds = getenv("AIO_SECONDS");
	aio_context_t ctx = context(DEPTH);
	pthread_t t;

	(void)ordinary;
	equal("filled", write(fd, want, sizeof(want)), sizeof(want));
	pthread_create(&t, NULL, neighbour, (void *)(uintptr_t)direct);
	rounds(fd, ctx, want, time(NULL) + (seconds ? atoi(seconds) : 2));
	over = true;
	pthread_join(t, NULL);
	equal("read back", pread(fd, back, sizeof(back), 0), sizeof(back));
	holds("all bytes are there", !memcmp(want, back, sizeof(want)));
	close(fd);
	fd = open_file(direct, O_RDONLY);
	equal("read back", raw_syscall(SYS_pread64, fd, back, sizeof(back), 0L), sizeof(back));
	holds("all bytes are in the page cache", !memcmp(want, back, sizeof(want)));
}
