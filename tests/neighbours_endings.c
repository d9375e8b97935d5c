/*
 * A descriptor number is closed in the middle of a long write and given to another file, the
 * victim. The write must continue in the file that it began with, and the victim must have only its
 * own bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neighbours.h"

enum { LONGEST_WRITE = 20 << 20, AT = 777, HIGH = 200 };

static const char precious[] = "precious";

static struct {
	struct place file, victim;
	int number; /* the descriptor that is written to */
	unsigned char *bytes;
	size_t len;
	ssize_t done;
	int error;
	_Atomic bool returned;
} game;

static void *writer_main(void *unused)
{
	game.done = put_bytes(game.number, game.bytes + 1, game.len, AT);
	game.error = errno;
	game.returned = true;
	(void)unused;
	return NULL;
}

/* Waits until the file has grown. Then the call has begun, and must keep its file. */
static void wait_for_bytes(int file, size_t least)
{
	struct stat st = { .st_size = 0 };

	while (!game.returned && (size_t)st.st_size < least)
		if (fstat(file, &st))
			die("fstat: %s", strerror(errno));
}

/* --- ways to end a number; each opens the victim on it and returns its descriptor --- */

static int open_victim(void)
{
	return open_ordinary(game.victim.path, 0);
}

static int at_number(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, game.number);

	close(fd);
	return high;
}

static int by_close(void)
{
	checked(!close(game.number), "close: %s", strerror(errno));
	return at_number(open_victim());
}

static int by_dup3(void)
{
	int fd = open_victim();
	int ret = dup3(fd, game.number, O_CLOEXEC);

	close(fd);
	return ret;
}

static int by_dup2(void)
{
	int fd = open_victim();
	int ret = dup2(fd, game.number);

	close(fd);
	return ret;
}

static int by_close_range(void)
{
	checked(!close_range((unsigned)game.number, (unsigned)game.number, 0), "close_range: %s",
		strerror(errno));
	return at_number(open_victim());
}

/* No descriptor above this number is in use. */
static int by_close_range_to_the_end(void)
{
	checked(!close_range((unsigned)game.number, ~0U, 0), "close_range: %s", strerror(errno));
	return at_number(open_victim());
}

static int by_closefrom(void)
{
	closefrom(game.number);
	return at_number(open_victim());
}

static struct ending {
	const char *name;
	int (*end)(void);
	uint64_t caught; /* calls in the middle of a write */
	uint64_t spoilt; /* victims with other bytes than their own */
} endings[] = {
	{ "close", by_close, 0, 0 },
	{ "dup3", by_dup3, 0, 0 },
	{ "dup2", by_dup2, 0, 0 },
	{ "close_range", by_close_range, 0, 0 },
	{ "close_range to the end", by_close_range_to_the_end, 0, 0 },
	{ "closefrom", by_closefrom, 0, 0 },
};

enum { ENDINGS = sizeof(endings) / sizeof(endings[0]) };

static bool judge_victim(const struct ending *e, int fd)
{
	char bytes[20];
	bool clean = raw_pread(fd, bytes, sizeof(bytes), 0) == sizeof(precious) - 1 &&
		     !memcmp(bytes, precious, sizeof(precious) - 1);
	struct stat st = { .st_size = 0 };

	fstat(fd, &st);
	checked(clean, "%s: the victim has %lld bytes, not its own %zu", e->name,
		(long long)st.st_size, sizeof(precious) - 1);
	checked(!(fcntl(fd, F_GETFL) & O_DIRECT), "%s: the victim became O_DIRECT", e->name);
	checked(!fsync(fd), "%s: the victim's fsync: %s", e->name, strerror(errno));
	return clean;
}

/* The write must be complete, as it would be on an ordinary descriptor. */
static void judge_file(const struct ending *e)
{
	size_t size;
	unsigned char *bytes;

	checked(game.done == (ssize_t)game.len, "%s: the write of %zu bytes: %zd (%s)", e->name,
		game.len, game.done, strerror(game.error));
	bytes = file_bytes(game.file.path, &size);
	checked(size == AT + game.len && !memcmp(bytes + AT, game.bytes + 1, game.len),
		"%s: the file has %zu bytes, not %zu, or other contents", e->name, size,
		AT + game.len);
	page_memory_free(bytes, size + 8192);
	check_fsync(game.file.path);
}

static void play_round(struct ending *e, struct rng *rng)
{
	struct crew crew = { .count = 0 };
	int observer, victim;

	prepare_file(game.file.path, "", 0);
	prepare_file(game.victim.path, "", 0);
	game.len = rng_between(rng, LONGEST_WRITE / 4, LONGEST_WRITE);
	game.returned = false;
	observer = open_ordinary(game.file.path, 0);
	game.number = HIGH;
	if (at_number(open_direct(game.file.path, 0)) != HIGH)
		die("descriptor %d is in use", HIGH);
	crew_add(&crew, writer_main, NULL);
	wait_for_bytes(observer, rng_between(rng, 1, game.len / 2));
	e->caught += !game.returned;
	victim = e->end();
	if (victim != game.number)
		die("%s: the victim got number %d, not %d", e->name, victim, game.number);
	checked(write(victim, precious, sizeof(precious) - 1) == sizeof(precious) - 1,
		"%s: the victim's own write: %s", e->name, strerror(errno));
	crew_wait(&crew);
	e->spoilt += !judge_victim(e, victim);
	judge_file(e);
	close(victim);
	close(observer);
}

void mode_endings(void)
{
	double deadline = seconds_now() + scene.seconds;
	struct rng rng = { mix64(scene.seed) };
	uint64_t caught = 0;

	game.file = place_of("file");
	game.victim = place_of("victim");
	game.bytes = page_memory(LONGEST_WRITE + 8192);
	for (size_t i = 0; i < LONGEST_WRITE + 8192; i++)
		game.bytes[i] = (unsigned char)(1 + i % 251);
	do
		for (int i = 0; i < ENDINGS; i++)
			play_round(&endings[i], &rng);
	while (seconds_now() < deadline);
	for (int i = 0; i < ENDINGS; i++) {
		printf("  %s: %llu in the middle of a write, %llu victims damaged\n",
		       endings[i].name, (unsigned long long)endings[i].caught,
		       (unsigned long long)endings[i].spoilt);
		caught += endings[i].caught;
	}
	exercised("descriptors closed in the middle of a write", caught);
	page_memory_free(game.bytes, LONGEST_WRITE + 8192);
}
