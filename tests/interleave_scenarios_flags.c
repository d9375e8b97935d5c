/* The program sets flags, or forks children, in the middle of a misaligned write. */
#include "interleave_scenarios.h"

static struct handle file;

static void one_description(void)
{
	file = open_direct(0, O_RDWR);
}

/* The writes append while O_APPEND is set. */
static void may_append(void)
{
	file = open_direct(0, O_RDWR);
	file.appends = true;
}

static void edge(struct actor *a)
{
	act_pwrite(a, file, 700, 5);
}

static void edges(struct actor *a)
{
	act_pwrite(a, file, 9000, 100);
}

static void change_nonblock(struct actor *a)
{
	act_change_flags(a, file, O_NONBLOCK);
	act_getfl(a, file);
}

static void change_append(struct actor *a)
{
	act_change_flags(a, file, O_APPEND);
	act_getfl(a, file);
}

static void clear_direct(struct actor *a)
{
	act_change_flags(a, file, O_DIRECT);
	act_getfl(a, file);
}

static void read_flags_twice(struct actor *a)
{
	act_getfl(a, file);
	act_getfl(a, file);
}

static void in_the_child(struct actor *a)
{
	act_pwrite(a, file, 4096, 16384);
	act_pwrite(a, file, 700, 12300);
}

static void fork_a_child(struct actor *a)
{
	act_fork(a, 2, in_the_child);
}

static void edge_after_fork(struct actor *a)
{
	act_fork(a, 2, in_the_child);
	act_pwrite(a, file, 700, 20500);
}

const struct scenario scenarios_flags[] = {
	{ .name = "flags_seen",
	  .hunts = "F_GETFL without O_DIRECT",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { edge, read_flags_twice } },
	{ .name = "flags_seen_by_child",
	  .hunts = "the same in a forked child",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { edge, read_flags_twice } },
	{ .name = "flags_nonblock",
	  .hunts = "an F_SETFL of the program is undone, or O_DIRECT is lost",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { edges, change_nonblock } },
	{ .name = "flags_append",
	  .hunts = "the same with O_APPEND",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = may_append,
	  .play = { edge, change_append } },
	{ .name = "flags_nonblock_by_child",
	  .hunts = "the same in a forked child",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { edge, change_nonblock } },
	{ .name = "flags_direct_off",
	  .hunts = "O_DIRECT set again, although the program has cleared it",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = MAY_BE_DIRTY,
	  .set_up = one_description,
	  .play = { edge, clear_direct } },
	{ .name = "fork_in_the_middle",
	  .hunts = "a child that is forked while O_DIRECT is cleared",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { edge, fork_a_child } },
	{ .name = "fork_and_go_on",
	  .hunts = "the same, and the parent also writes",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { edge, edge_after_fork } },
	{ 0 },
};
