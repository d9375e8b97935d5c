/* A descriptor number gets another file in the middle of a call. */
#include "interleave_scenarios.h"

static struct handle file;
static struct handle other;

static void file_alone(void)
{
	file = open_direct(0, O_RDWR);
}

static void unseen_file(void)
{
	file = open_unseen(0, O_RDWR);
}

static void log_and_its_successor(void)
{
	file = open_direct(0, O_RDWR);
	other = open_direct(1, O_RDWR);
	offset_at(file, 100);
}

static void log_and_ordinary_successor(void)
{
	file = open_direct(0, O_RDWR);
	other = open_ordinary(1, O_RDWR);
	offset_at(file, 100);
}

static void edge(struct actor *a)
{
	act_pwrite(a, file, 700, 5);
}

static void edges(struct actor *a)
{
	act_pwrite(a, file, 9000, 100);
}

static void record(struct actor *a)
{
	act_write(a, file, 9000);
}

static void read_across(struct actor *a)
{
	act_pread(a, file, 9000, 100);
}

/* Larger than the largest bounce buffer. */
static void long_read(struct actor *a)
{
	act_pread(a, file, 2200000, 100);
}

static void close_and_open(struct actor *a)
{
	struct handle victim;

	act_close(a, file);
	victim = act_open(a, 1, O_RDWR);
	act_write(a, victim, 8);
}

static void close_range_and_open(struct actor *a)
{
	struct handle victim;

	act_close_range(a, file);
	victim = act_open(a, 1, O_RDWR);
	act_write(a, victim, 8);
}

static void rotate(struct actor *a)
{
	act_dup2(a, other, file);
}

static void two_direct(void)
{
	file = open_direct(0, O_RDWR);
	other = open_direct(1, O_RDWR);
}

static void rotate_back(struct actor *a)
{
	act_dup2(a, file, other);
}

static void edge_further_on(struct actor *a)
{
	act_pwrite(a, file, 700, 5000);
}

static void just_close(struct actor *a)
{
	act_close(a, file);
}

static void stale_number(void)
{
	file = number_reused("/proc/self/oom_score_adj", O_WRONLY);
	other = open_direct(0, O_RDWR);
}

static void direct_and_once_direct(void)
{
	file = open_direct(0, O_RDWR);
	other = once_the_same(file, O_RDWR);
}

static void ordinary_edge(struct actor *a)
{
	act_pwrite(a, other, 700, 9000);
}

static void garbage(struct actor *a)
{
	act_write_garbage(a, file, 4096);
}

static void edge_elsewhere(struct actor *a)
{
	act_pwrite(a, other, 700, 5);
}

const struct scenario scenarios_numbers[] = {
	{ .name = "number_reused_edge",
	  .hunts = "bytes in the file that got the number (close, open)",
	  .actors = 2,
	  .files = 2,
	  .sizes = { 16384, 0 },
	  .set_up = file_alone,
	  .play = { edge, close_and_open } },
	{ .name = "number_reused",
	  .hunts = "the same in the middle of several steps",
	  .actors = 2,
	  .files = 2,
	  .sizes = { 16384, 0 },
	  .set_up = file_alone,
	  .play = { edges, close_and_open } },
	{ .name = "number_reused_close_range",
	  .hunts = "the same by close_range",
	  .actors = 2,
	  .files = 2,
	  .sizes = { 16384, 0 },
	  .set_up = file_alone,
	  .play = { edges, close_range_and_open } },
	{ .name = "log_rotated",
	  .hunts = "a record in two files (dup2)",
	  .actors = 2,
	  .files = 2,
	  .sizes = { 16384, 0 },
	  .set_up = log_and_its_successor,
	  .play = { record, rotate } },
	{ .name = "log_rotated_ordinary",
	  .hunts = "the same, the new file is ordinary",
	  .actors = 2,
	  .files = 2,
	  .sizes = { 16384, 0 },
	  .set_up = log_and_ordinary_successor,
	  .play = { record, rotate } },
	{ .name = "read_beside_dup2",
	  .hunts = "a read that returns bytes of two files",
	  .actors = 2,
	  .files = 2,
	  .sizes = { 16384, 16384 },
	  .set_up = log_and_its_successor,
	  .play = { read_across, rotate } },
	{ .name = "long_read_beside_dup2",
	  .hunts = "the same in several pieces",
	  .actors = 2,
	  .files = 2,
	  .sizes = { 2228224, 2228224 },
	  .set_up = log_and_its_successor,
	  .play = { long_read, rotate } },
	{ .name = "dup2_crossed",
	  .hunts = "two dup2 that wait for each other's numbers",
	  .actors = 3,
	  .files = 2,
	  .sizes = { 16384, 16384 },
	  .set_up = two_direct,
	  .play = { rotate, rotate_back, edge } },
	{ .name = "close_beside_two",
	  .hunts = "a close and a write that wait for each other",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 16384 },
	  .set_up = file_alone,
	  .play = { edge, edge_further_on, just_close } },
	{ .name = "unseen_beside_close",
	  .hunts = "the refusal of a direct descriptor that is closed before anybody looked at it",
	  .actors = 2,
	  .most_preemptions = 1,
	  .files = 1,
	  .sizes = { 16384 },
	  .set_up = unseen_file,
	  .play = { edge, just_close } },
	{ .name = "once_direct",
	  .hunts = "O_DIRECT set on an ordinary descriptor that was a direct one",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 16384 },
	  .set_up = direct_and_once_direct,
	  .play = { edge, ordinary_edge } },
	{ .name = "once_direct_beside_two",
	  .hunts = "the same, or O_DIRECT lost, with another write in the same window",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 16384 },
	  .set_up = direct_and_once_direct,
	  .play = { edge, ordinary_edge, edge_further_on } },
	{ .name = "refused_once",
	  .hunts = "an EINVAL that is not about alignment, repeated",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 16384 },
	  .flags = ONE_REFUSAL,
	  .set_up = stale_number,
	  .play = { garbage, edge_elsewhere } },
	{ 0 },
};
