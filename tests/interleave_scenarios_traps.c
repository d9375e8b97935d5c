/*
 * For the tool's own test: deliberate faults, which it must find, and ways of waiting, which it
 * must not report as faults. They need no shim.
 */
#include "interleave_scenarios.h"

static struct handle file;
static int word;
static int other_word;

static void set_up(void)
{
	file = open_direct(0, O_RDWR);
}

static void block(struct actor *a)
{
	act_pwrite(a, file, 4096, 0);
}

static void careless(struct actor *a)
{
	act_faulty_write(a, file, 700, 5, FAULT_CARELESS);
}

static void lazy(struct actor *a)
{
	act_faulty_write(a, file, 4096, 4096, FAULT_LAZY);
}

static void too_long(struct actor *a)
{
	act_faulty_write(a, file, 100, 24576, FAULT_LONG);
}

static void wait_for_nobody(struct actor *a)
{
	act_wait(a, &word, WAIT_FOREVER, true);
}

static void wait_for_nobody_too(struct actor *a)
{
	act_wait(a, &other_word, WAIT_FOREVER, true);
}

static void ask_for_ever(struct actor *a)
{
	act_wait(a, &word, WAIT_SPINNING, true);
}

static void wait_for_wake(struct actor *a)
{
	act_wait(a, &word, WAIT_FOREVER, false);
	act_pwrite(a, file, 4096, 4096);
}

static void wait_with_timeout(struct actor *a)
{
	act_wait(a, &word, WAIT_TIMED, false);
	act_pwrite(a, file, 4096, 4096);
}

static void ask_again(struct actor *a)
{
	act_wait(a, &word, WAIT_SPINNING, false);
	act_pwrite(a, file, 4096, 4096);
}

static void wake(struct actor *a)
{
	act_pwrite(a, file, 4096, 0);
	act_wake(a, &word);
}

const struct scenario scenarios_traps[] = {
	{ .name = "trap_lost_update",
	  .hunts = "a neighbour's bytes written back",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { careless, block } },
	{ .name = "trap_dirty",
	  .hunts = "a page left dirty",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { lazy, block } },
	{ .name = "trap_too_long",
	  .hunts = "a file that is too long for a moment",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { too_long, block } },
	{ .name = "trap_deadlock",
	  .hunts = "two threads that wait for ever",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { wait_for_nobody, wait_for_nobody_too } },
	{ .name = "trap_livelock",
	  .hunts = "a thread that polls for ever",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { ask_for_ever, block } },
	{ .name = "sound_wait",
	  .hunts = "nothing; a thread waits for another",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { wait_for_wake, wake } },
	{ .name = "sound_wait_with_timeout",
	  .hunts = "nothing; the same with a timeout",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { wait_with_timeout, wake } },
	{ .name = "sound_asking_again",
	  .hunts = "nothing; the same with sched_yield",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = TRAP,
	  .set_up = set_up,
	  .play = { ask_again, wake } },
	{ 0 },
};
