/*
 * Records through one offset, of which some are cut short because a part of their memory is bad.
 * The offset is then moved back, which must not harm other records. Threads of one process must
 * leave no gap that a reader could see at any time, and processes must lose no record.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neighbours.h"

enum { THREADS = 4, GOOD_LEAST = 64, GOOD_ROOM = 40 * 4096 };

static struct {
	struct ledger *ledger;
	struct place file;
	int shared;
	int threads; /* in each process */
	double deadline;
} game;

/* Counts of all processes. */
static struct counts {
	_Atomic uint64_t cut, refused, followed, gaps;
	_Atomic bool over;
} * counts;

/* Returns GOOD_ROOM bytes of memory, with inaccessible memory behind it. */
static unsigned char *memory_with_an_end(void)
{
	unsigned char *memory = page_memory(2 * GOOD_ROOM);

	if (mprotect(memory + GOOD_ROOM, GOOD_ROOM, PROT_NONE))
		die("mprotect: %s", strerror(errno));
	return memory;
}

/* Only the first `good` bytes of the record are in accessible memory. */
static void write_cut(unsigned char *memory, int writer, uint32_t seq, size_t len, size_t good)
{
	unsigned char *bytes = memory + GOOD_ROOM - good;
	ssize_t done;

	record_make(bytes, writer, seq, good);
	done = put_bytes(game.shared, bytes, len, -1);
	checked(done >= -1 && done <= (ssize_t)good && (done >= 0 || errno == EFAULT),
		"a record with %zu of %zu bytes accessible: %zd (%s)", good, len, done,
		strerror(errno));
	atomic_fetch_add(done > 0 ? &counts->cut : &counts->refused, 1);
	ledger_add(game.ledger, writer, done > 0 ? (size_t)done : 0);
}

static void write_whole(unsigned char *memory, int writer, uint32_t seq, size_t len)
{
	ssize_t done;

	record_make(memory + seq % 2, writer, seq, len);
	done = put_bytes(game.shared, memory + seq % 2, len, -1);
	checked(done == (ssize_t)len, "a record of %zu bytes: %zd (%s)", len, done,
		strerror(errno));
	ledger_add(game.ledger, writer, done > 0 ? (size_t)done : 0);
}

static void *writer_main(void *id)
{
	int writer = *(const int *)id;
	unsigned char *memory = memory_with_an_end();
	struct rng rng = { mix64(scene.seed * 31 + (uint64_t)writer) };

	while (ledger_open(game.ledger, writer, game.deadline)) {
		uint32_t seq = game.ledger->sent[writer];
		size_t len = record_length(writer, seq);

		if (rng_one_in(&rng, 4))
			write_cut(memory, writer, seq, len, rng_between(&rng, GOOD_LEAST, len - 1));
		else
			write_whole(memory, writer, seq, len);
	}
	page_memory_free(memory, 2 * GOOD_ROOM);
	return NULL;
}

static void process_main(int number)
{
	struct crew crew = { .count = 0 };
	int ids[THREADS];

	for (int t = 0; t < game.threads; t++) {
		ids[t] = number * game.threads + t;
		crew_add(&crew, writer_main, &ids[t]);
	}
	crew_wait(&crew);
}

/* Follows the file with its own descriptor. No byte that it reads may be 0, which is a gap. */
static void *follower_main(void *unused)
{
	static unsigned char bytes[64 << 10];
	int fd = open_ordinary(game.file.path, 0);
	off_t pos = 0;

	while (!counts->over) {
		ssize_t got = raw_pread(fd, bytes, sizeof(bytes), pos);
		const unsigned char *zero = got > 0 ? memchr(bytes, 0, (size_t)got) : NULL;

		if (got > 0)
			counts->followed += (uint64_t)got;
		counts->gaps += zero != NULL;
		checked(!zero, "a follower reads a zero at byte %lld",
			(long long)(pos + (zero - bytes)));
		pos += got > 0 ? got : 0;
		if (got <= 0)
			usleep(50);
	}
	close(fd);
	(void)unused;
	return NULL;
}

static void judge(bool gaps)
{
	struct findings found_ones = { .found = 0 };
	struct stat st;

	check_direct_flag(game.shared, "at the end");
	checked(!fstat(game.shared, &st) && (lseek(game.shared, 0, SEEK_CUR) == st.st_size || gaps),
		"the offset is %lld, and the file ends at %lld",
		(long long)lseek(game.shared, 0, SEEK_CUR), (long long)st.st_size);
	check_records(game.ledger, &found_ones, game.file.path, gaps);
	check_all_found(game.ledger, &found_ones);
	check_fsync(game.file.path);
}

static void play_round(int processes, int threads)
{
	struct crew follower = { .count = 0 };

	game.ledger = shared_memory(sizeof(*game.ledger));
	game.file = place_of("offset");
	prepare_file(game.file.path, "", 0);
	game.shared = open_direct(game.file.path, 0);
	game.threads = threads;
	game.deadline = seconds_now() + (scene.seconds < 4 ? scene.seconds / 4 : 1);
	counts->over = false;
	if (processes > 1) {
		fork_crew(processes, process_main);
	} else {
		crew_add(&follower, follower_main, NULL);
		process_main(0);
		counts->over = true;
		crew_wait(&follower);
	}
	judge(processes > 1);
	close(game.shared);
	page_memory_free(game.ledger, sizeof(*game.ledger));
}

void mode_offset(void)
{
	double deadline = seconds_now() + scene.seconds;

	counts = shared_memory(sizeof(*counts));
	do {
		play_round(1, THREADS);
		if (scene.processes > 1)
			play_round(3, 2);
	} while (seconds_now() < deadline);
	exercised("records cut short", counts->cut);
	exercised("bytes that the follower read", counts->followed);
	printf("  records refused: %llu; reads that found a gap: %llu\n",
	       (unsigned long long)counts->refused, (unsigned long long)counts->gaps);
	page_memory_free(counts, sizeof(*counts));
}
