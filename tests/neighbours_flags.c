/*
 * The program sets flags with F_SETFL and reads them while its threads write. The flags that it set
 * must stay, and neither threads nor forked children may see what the shim changes for a moment.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "neighbours.h"

enum { WRITERS = 2, STRIP = 64 << 10 };

static struct {
	struct place file;
	int shared;
	double deadline;
	struct ledger *ledger;
} game;

/* Counts of all processes. */
static struct counts {
	_Atomic uint64_t toggles, looks, lost, unseen;
	_Atomic bool over;
	unsigned char expected[WRITERS * STRIP];
} * counts;

static int flags_now(const char *who)
{
	int flags = fcntl(game.shared, F_GETFL);

	counts->looks++;
	if (!checked(scene.ordinary || (flags >= 0 && flags & O_DIRECT),
		     "%s sees flags %#x, without O_DIRECT", who, (unsigned)flags))
		counts->unseen++;
	return flags;
}

static void toggle(int flag)
{
	int before = flags_now("a thread");

	checked(!fcntl(game.shared, F_SETFL, before ^ flag), "F_SETFL: %s", strerror(errno));
	usleep(20);
	if (!checked((flags_now("a thread") ^ before) & flag, "flag %#x is not as it was set",
		     (unsigned)flag))
		counts->lost++;
	counts->toggles++;
}

static void *placed_writer_main(void *id)
{
	int number = *(const int *)id;
	unsigned char *bytes = page_memory(STRIP);
	struct rng rng = { mix64(scene.seed + (uint64_t)number) };

	while (seconds_now() < game.deadline) {
		size_t len = rng_one_in(&rng, 4) ? 9000 : 700;
		size_t pos = (size_t)number * STRIP + (rng_between(&rng, 0, STRIP - 9001) | 1);
		ssize_t done;

		memset(bytes + 1, (int)rng_between(&rng, 1, 255), len);
		done = put_bytes(game.shared, bytes + 1, len, (off_t)pos);
		checked(done == (ssize_t)len, "write: %zd (%s)", done, strerror(errno));
		memcpy(counts->expected + pos, bytes + 1, len);
	}
	page_memory_free(bytes, STRIP);
	return NULL;
}

/* The offset is at the end of the file, so each record goes there with and without O_APPEND. */
static void *record_writer_main(void *id)
{
	write_records(&(struct record_writer){ .ledger = game.ledger,
					       .id = *(const int *)id,
					       .fd = game.shared,
					       .deadline = game.deadline,
					       .what = "O_APPEND set and cleared" });
	return NULL;
}

/* Forks a process that shares the description and reads its flags all the time. */
static pid_t start_onlooker(void)
{
	pid_t child;

	fflush(stdout);
	child = fork_child();
	if (child)
		return child;
	while (!counts->over) {
		flags_now("a child");
		usleep(10);
	}
	_exit(0);
}

static void play(double seconds, int flag, void *(*main)(void *))
{
	int ids[WRITERS];
	struct crew crew = { .count = 0 };

	game.deadline = seconds_now() + seconds;
	counts->over = false;
	if (scene.processes > 1)
		start_onlooker();
	for (int i = 0; i < WRITERS; i++) {
		ids[i] = i;
		crew_add(&crew, main, &ids[i]);
	}
	while (seconds_now() < game.deadline)
		toggle(flag);
	crew_wait(&crew);
	counts->over = true;
	checked(!wait_children(scene.processes - 1), "the child that reads the flags failed");
	check_direct_flag(game.shared, "at the end");
	check_fsync(game.file.path);
}

static void play_placed(void)
{
	prepare_file(game.file.path, counts->expected, sizeof(counts->expected));
	game.shared = open_direct(game.file.path, 0);
	play(scene.seconds / 2, O_NONBLOCK, placed_writer_main);
	check_bytes(game.file.path, counts->expected, sizeof(counts->expected));
	close(game.shared);
}

static void play_records(double seconds)
{
	struct findings found_ones = { .found = 0 };

	game.ledger = shared_memory(sizeof(*game.ledger));
	prepare_file(game.file.path, "", 0);
	game.shared = open_direct(game.file.path, 0);
	play(seconds, O_APPEND, record_writer_main);
	check_records(game.ledger, &found_ones, game.file.path, false);
	check_all_found(game.ledger, &found_ones);
	close(game.shared);
	page_memory_free(game.ledger, sizeof(*game.ledger));
}

void mode_flags(void)
{
	double end = seconds_now() + scene.seconds;

	counts = shared_memory(sizeof(*counts));
	game.file = place_of("flags");
	play_placed();
	while (!scene.device && seconds_now() < end)
		play_records(scene.seconds < 2 ? scene.seconds / 2 : 1);
	exercised("flags set", counts->toggles);
	exercised("flags read", counts->looks);
	printf("  flags lost: %llu; reads without O_DIRECT: %llu\n",
	       (unsigned long long)counts->lost, (unsigned long long)counts->unseen);
	page_memory_free(counts, sizeof(*counts));
}
