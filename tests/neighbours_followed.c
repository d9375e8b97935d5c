/*
 * Threads read through one offset at the end of a growing file. No byte must be skipped or read
 * twice. The file consists of words that encode their position. It grows and is read by whole
 * words, at addresses and offsets that direct I/O does not accept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "neighbours.h"

enum { READERS = 6, WORDS = 1 << 19, LONGEST = 50000 };

typedef uint64_t word;

static struct {
	struct place file;
	int shared;
	double deadline;
	_Atomic size_t end; /* number of words that have been written */
	_Atomic bool grown;
	_Atomic uint64_t reads, at_the_end;
	_Atomic unsigned char seen[WORDS];
} game;

static word word_at(size_t index)
{
	return mix64(scene.seed) ^ index;
}

static void *grower_main(void *unused)
{
	static word words[LONGEST / sizeof(word)];
	int fd = open_ordinary(game.file.path, 0);
	struct rng rng = { mix64(scene.seed * 7) };

	while (seconds_now() < game.deadline) {
		size_t most = rng_one_in(&rng, 4) ? LONGEST / sizeof(word) : 100;
		size_t count = rng_between(&rng, 1, most);

		if (game.end + count > WORDS)
			break;
		for (size_t i = 0; i < count; i++)
			words[i] = word_at(game.end + i);
		if (raw_pwrite(fd, words, count * sizeof(word), (off_t)(game.end * sizeof(word))) !=
		    (ssize_t)(count * sizeof(word)))
			die("growing: %s", strerror(errno));
		game.end += count;
		usleep((useconds_t)rng_between(&rng, 1, 100));
	}
	game.grown = true;
	close(fd);
	(void)unused;
	return NULL;
}

static void take_note(const unsigned char *bytes, size_t len)
{
	word first, next;

	memcpy(&first, bytes, sizeof(first));
	first ^= mix64(scene.seed);
	if (!checked(len % sizeof(word) == 0 && first + len / sizeof(word) <= WORDS,
		     "a read of %zu bytes that are not words of the file", len))
		return;
	for (size_t i = 0; i < len / sizeof(word); i++) {
		memcpy(&next, bytes + i * sizeof(word), sizeof(next));
		if (!checked(next == word_at(first + i),
			     "a read of %zu bytes that are not one range", len))
			return;
		checked(!atomic_fetch_add(&game.seen[first + i], 1), "word %zu was read twice",
			(size_t)first + i);
	}
}

/* Spins until the file has grown, so that all readers continue at the same moment. */
static void wait_for_more(size_t before)
{
	for (int spin = 0; spin < 2000 && game.end == before && !game.grown; spin++)
		;
	usleep(1);
}

static void *reader_main(void *id)
{
	unsigned char *bytes = page_memory(LONGEST + 8192);
	struct rng rng = { mix64(scene.seed * 13 + (uint64_t) * (const int *)id) };

	for (;;) {
		size_t before = game.end;
		bool last = game.grown; /* Then the read sees the final end of the file. */
		size_t most = rng_one_in(&rng, 4) ? 200 : LONGEST / sizeof(word);
		unsigned char *into = bytes + rng_between(&rng, 0, 9);
		size_t len = rng_between(&rng, 1, most) * sizeof(word);
		ssize_t got = get_bytes(game.shared, into, len, -1);

		checked(got >= 0, "read: %s", strerror(errno));
		if (got > 0) {
			take_note(into, (size_t)got);
			game.reads++;
			continue;
		}
		game.at_the_end++;
		if (last)
			break;
		wait_for_more(before);
	}
	page_memory_free(bytes, LONGEST + 8192);
	return NULL;
}

/* Checks that every word was read. */
static void judge(void)
{
	size_t unread = 0;
	size_t first = 0;

	for (size_t i = game.end; i-- > 0;) {
		if (game.seen[i])
			continue;
		unread++;
		first = i;
	}
	checked(!unread, "%zu of %zu words were not read, the first is word %zu", unread,
		(size_t)game.end, first);
	checked(lseek(game.shared, 0, SEEK_CUR) == (off_t)(game.end * sizeof(word)),
		"the offset is not at the end");
	check_direct_flag(game.shared, "at the end");
	check_fsync(game.file.path);
}

static void play_round(void)
{
	struct crew crew = { .count = 0 };
	int ids[READERS];

	for (size_t i = 0; i < WORDS; i++)
		game.seen[i] = 0;
	game.end = 0;
	game.grown = false;
	game.deadline = seconds_now() + (scene.seconds < 2 ? scene.seconds / 2 : 1);
	prepare_file(game.file.path, "", 0);
	game.shared = open_direct(game.file.path, 0);
	crew_add(&crew, grower_main, NULL);
	for (int i = 0; i < READERS; i++) {
		ids[i] = i;
		crew_add(&crew, reader_main, &ids[i]);
	}
	crew_wait(&crew);
	judge();
	close(game.shared);
}

void mode_followed(void)
{
	double deadline = seconds_now() + scene.seconds;

	game.file = place_of("followed");
	do
		play_round();
	while (seconds_now() < deadline);
	exercised("reads", game.reads);
	exercised("reads at the end of the file", game.at_the_end);
}
