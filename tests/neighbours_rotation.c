/*
 * A log is rotated while threads write to it: dup2, or close and open, give its number another
 * file. A call must keep the file that it began with, so that every record is whole in one file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "neighbours.h"

enum { LOGGERS = 2, LOGS_MAX = 250 };

static const char victims_own[] = "these bytes belong to the victim\n";

static struct {
	struct ledger *ledger;
	int number; /* the log's descriptor */
	double deadline;
	bool by_close;
	int flags;
	unsigned logs;
	_Atomic uint64_t between; /* writes that failed with EBADF between close and open */
	_Atomic bool over;
} game;

static uint64_t rotations, victims;

static struct place log_place(unsigned n)
{
	char name[40];

	snprintf(name, sizeof(name), "log.%u", n);
	return place_of(name);
}

static int open_log(void)
{
	struct place p = log_place(game.logs++);

	return open_direct(p.path, O_EXCL | game.flags);
}

/* Between close and open the number is closed, or is the victim, which cannot be written. */
static bool met_no_log(ssize_t done)
{
	if (!game.by_close || done >= 0 || errno != EBADF)
		return false;
	game.between++;
	return true;
}

static void *logger_main(void *id)
{
	char what[40];

	snprintf(what, sizeof(what), "%s%s", game.by_close ? "close and open" : "dup2",
		 game.flags & O_APPEND ? ", O_APPEND" : "");
	write_records(&(struct record_writer){ .ledger = game.ledger,
					       .id = *(const int *)id,
					       .fd = game.number,
					       .deadline = game.deadline,
					       .what = what,
					       .retries = met_no_log });
	game.over = true;
	return NULL;
}

/* Opens the victim on the number for a moment. No write may reach it or change its flags. */
static void lend_to_victim(const char *path)
{
	char bytes[100];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd != game.number)
		die("the victim got descriptor %d, not %d", fd, game.number);
	usleep(300);
	checked(!(fcntl(fd, F_GETFL) & O_DIRECT), "the victim's descriptor became O_DIRECT");
	checked(raw_pread(fd, bytes, sizeof(bytes), 0) == sizeof(victims_own) - 1 &&
			!memcmp(bytes, victims_own, sizeof(victims_own) - 1),
		"the victim's bytes have changed");
	close(fd);
	victims++;
}

static void rotate(const char *victim)
{
	if (!game.by_close) {
		int fd = open_log();

		checked(dup2(fd, game.number) == game.number, "dup2: %s", strerror(errno));
		close(fd);
	} else {
		checked(!close(game.number), "close: %s", strerror(errno));
		if (game.logs % 2)
			lend_to_victim(victim);
		if (open_log() != game.number)
			die("the log got another descriptor number");
	}
	rotations++;
}

static void judge_logs(void)
{
	struct findings found_ones = { .found = 0 };

	for (unsigned n = 0; n < game.logs; n++) {
		struct place p = log_place(n);

		check_records(game.ledger, &found_ones, p.path, false);
		check_fsync(p.path);
		unlink(p.path);
	}
	check_all_found(game.ledger, &found_ones);
}

static void play_round(struct rng *rng, const char *victim)
{
	int ids[LOGGERS];
	struct crew crew = { .count = 0 };

	game.over = false;
	game.logs = 0;
	game.ledger = shared_memory(sizeof(*game.ledger));
	game.number = open_log();
	game.deadline = seconds_now() + (scene.seconds < 4 ? scene.seconds / 4 : 1);
	for (int i = 0; i < LOGGERS; i++) {
		ids[i] = i;
		crew_add(&crew, logger_main, &ids[i]);
	}
	while (!game.over && game.logs < LOGS_MAX) {
		usleep((useconds_t)rng_between(rng, 100, 4000));
		rotate(victim);
	}
	crew_wait(&crew);
	check_direct_flag(game.number, "the last log");
	close(game.number);
	judge_logs();
	page_memory_free(game.ledger, sizeof(*game.ledger));
}

static void play_logs(double seconds, bool by_close, int flags, uint64_t seed)
{
	double deadline = seconds_now() + seconds;
	struct place victim = place_of("victim");
	struct rng rng = { mix64(seed) };

	game.by_close = by_close;
	game.flags = flags;
	prepare_file(victim.path, victims_own, sizeof(victims_own) - 1);
	do
		play_round(&rng, victim.path);
	while (seconds_now() < deadline);
}

/* --- readers of a number that refers to two files in turn --- */

enum { TWIN = 256 << 10, READERS = 2 };

static _Atomic uint64_t reads_of[2];

static void *reader_main(void *id)
{
	unsigned char *bytes = page_memory(TWIN);
	struct rng rng = { mix64(scene.seed + 77 + (uint64_t) * (const int *)id) };

	while (!game.over) {
		size_t len = rng_one_in(&rng, 2) ? 70001 : rng_between(&rng, 100, 9000);
		off_t pos = (off_t)(rng_between(&rng, 0, TWIN - len) | 1);
		ssize_t got = get_bytes(game.number, bytes + 1, len - 1, pos);

		if (checked(got == (ssize_t)len - 1 && !memcmp(bytes + 1, bytes + 2, len - 2),
			    "a read of %zu bytes: %zd, or a mix of two files", len - 1, got))
			reads_of[bytes[1] == 'B']++;
	}
	page_memory_free(bytes, TWIN);
	return NULL;
}

static void switch_files(const int twins[2], double seconds)
{
	double deadline = seconds_now() + seconds;
	struct rng rng = { mix64(scene.seed) };

	for (unsigned n = 0; seconds_now() < deadline; n++) {
		if (dup2(twins[n % 2], game.number) != game.number)
			die("dup2: %s", strerror(errno));
		rotations++;
		usleep((useconds_t)rng_between(&rng, 10, 1000));
	}
	game.over = true;
}

static int open_twin(const char *name, int byte)
{
	struct place p = place_of(name);
	unsigned char *bytes = page_memory(TWIN);

	memset(bytes, byte, TWIN);
	prepare_file(p.path, bytes, TWIN);
	page_memory_free(bytes, TWIN);
	return open_direct(p.path, 0);
}

static void play_readers(double seconds)
{
	int twins[2] = { open_twin("twin.a", 'A'), open_twin("twin.b", 'B') };
	int ids[READERS] = { 0, 1 };
	struct crew crew = { .count = 0 };

	game.over = false;
	game.number = dup(twins[0]);
	for (int i = 0; i < READERS; i++)
		crew_add(&crew, reader_main, &ids[i]);
	switch_files(twins, seconds);
	crew_wait(&crew);
	close(game.number);
	close(twins[0]);
	close(twins[1]);
}

void mode_rotation(void)
{
	play_logs(scene.seconds / 4, false, O_APPEND, 1);
	play_logs(scene.seconds / 4, false, 0, 2);
	play_logs(scene.seconds / 4, true, O_APPEND, 3);
	exercised("rotations of a log", rotations);
	exercised("victims opened on the number", victims);
	printf("  writes between close and open: %llu\n", (unsigned long long)game.between);
	play_readers(scene.seconds / 4);
	exercised("reads of the first file", reads_of[0]);
	exercised("reads of the second file", reads_of[1]);
}
