/*
 * Large misaligned direct writes that do not overlap, and ordinary writers in the gaps between
 * them, which share blocks with them whatever the block size. No call must fail, and no byte must
 * be lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neighbours.h"

enum {
	WRITERS = 3,
	LEAST = 120000,
	LARGEST = 3 << 20,
	GAP = 3001,
	ROOM = WRITERS * (LARGEST + GAP) + GAP,
};

static struct {
	struct place file;
	double deadline;
	size_t len; /* of each direct writer's range */
	_Atomic bool over;
	_Atomic uint64_t ordinary_writes, ordinary_reads, fsyncs;
	unsigned char *expected;
} game;

static struct writer {
	int number;
	int fd;
} writers[WRITERS];

/* Returns the offset of the gap before this direct writer's range, or of the last gap. */
static size_t gap_at(int number)
{
	return (size_t)number * (game.len + GAP);
}

static void fill(unsigned char *bytes, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(seed * 29 + i + i / 251);
}

static void direct_write(const struct writer *w, unsigned char *bytes, size_t pos, size_t len,
			 unsigned seed)
{
	ssize_t done;

	fill(bytes, len, seed);
	done = put_bytes(w->fd, bytes, len, (off_t)pos);
	checked(done == (ssize_t)len, "write of %zu bytes at %zu: %zd (%s)", len, pos, done,
		strerror(errno));
	memcpy(game.expected + pos, bytes, len);
}

static void *writer_main(void *writer)
{
	const struct writer *w = writer;
	unsigned char *buffer = page_memory(LARGEST + 2);
	struct rng rng = { mix64(scene.seed + (uint64_t)w->number) };
	size_t start = gap_at(w->number) + GAP;

	for (unsigned n = 0; seconds_now() < game.deadline; n++) {
		size_t skip = rng_one_in(&rng, 2) ? 0 : rng_between(&rng, 1, game.len - 1);
		size_t len = rng_one_in(&rng, 2) ? game.len - skip
						 : rng_between(&rng, 1, game.len - skip);

		direct_write(w, buffer + 1, start + skip, len, n);
		len = rng_between(&rng, 1, len);
		checked(get_bytes(w->fd, buffer + 1, len, (off_t)(start + skip)) == (ssize_t)len &&
				!memcmp(buffer + 1, game.expected + start + skip, len),
			"a read returned other bytes than were written");
	}
	page_memory_free(buffer, LARGEST + 2);
	return NULL;
}

static void ordinary_write(int fd, struct rng *rng, unsigned n)
{
	unsigned char bytes[GAP];
	size_t at = gap_at((int)rng_between(rng, 0, WRITERS));

	checked(raw_pread(fd, bytes, GAP, (off_t)at) == GAP &&
			!memcmp(bytes, game.expected + at, GAP),
		"bytes of the ordinary writer were lost");
	fill(bytes, GAP, n);
	memcpy(game.expected + at, bytes, GAP);
	checked(raw_pwrite(fd, bytes, GAP, (off_t)at) == GAP, "ordinary write: %s",
		strerror(errno));
}

/* Read-ahead makes large folios that cover blocks of all writers, and then they are dropped. */
static void *reader_main(void *unused)
{
	static unsigned char bytes[64 << 10];
	int fd = open_ordinary(game.file.path, 0);

	while (!game.over) {
		for (off_t at = 0; at < (off_t)gap_at(WRITERS); at += (off_t)sizeof(bytes))
			checked(raw_pread(fd, bytes, sizeof(bytes), at) > 0, "ordinary read: %s",
				strerror(errno));
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		game.ordinary_reads++;
	}
	close(fd);
	(void)unused;
	return NULL;
}

static void *ordinary_main(void *unused)
{
	int fd = open_ordinary(game.file.path, 0);
	struct rng rng = { mix64(scene.seed + WRITERS) };

	for (unsigned n = 0; !game.over; n++) {
		ordinary_write(fd, &rng, n);
		game.ordinary_writes++;
		if (n % 4 == 0) {
			checked(!fsync(fd), "the ordinary writer's fsync: %s", strerror(errno));
			game.fsyncs++;
		}
	}
	close(fd);
	(void)unused;
	return NULL;
}

static void prepare(void)
{
	struct stat st;

	game.file = place_of("beside");
	game.expected = page_memory(ROOM);
	prepare_file(game.file.path, game.expected, 1);
	if (stat(game.file.path, &st))
		die("%s: %s", game.file.path, strerror(errno));
	/* At least one whole block and a partial block at each end, and no small write. */
	game.len = (size_t)(st.st_blksize < LEAST ? LEAST : st.st_blksize) * 5 / 2 + 777;
	if (game.len > LARGEST)
		game.len = LARGEST;
	prepare_file(game.file.path, game.expected, gap_at(WRITERS) + GAP);
	game.deadline = seconds_now() + scene.seconds;
	printf("  blocks of %ld bytes, writes of up to %zu\n", (long)st.st_blksize, game.len);
}

void mode_beside(void)
{
	struct crew direct = { .count = 0 };
	struct crew ordinary = { .count = 0 };

	prepare();
	crew_add(&ordinary, ordinary_main, NULL);
	crew_add(&ordinary, reader_main, NULL);
	for (int i = 0; i < WRITERS; i++) {
		/* Two of them share a description. */
		writers[i] = (struct writer){ i, i == 1 ? writers[0].fd
							: open_direct(game.file.path, 0) };
		crew_add(&direct, writer_main, &writers[i]);
	}
	crew_wait(&direct);
	game.over = true;
	crew_wait(&ordinary);
	for (int i = 0; i < WRITERS; i++)
		check_direct_flag(writers[i].fd, "at the end");
	check_fsync(game.file.path);
	check_bytes(game.file.path, game.expected, gap_at(WRITERS) + GAP);
	exercised("ordinary writes", game.ordinary_writes);
	exercised("ordinary fsyncs", game.fsyncs);
	exercised("ordinary reads of the whole file", game.ordinary_reads);
	page_memory_free(game.expected, ROOM);
}
