/* Writes that overlap, and a file that is truncated at the same time. */
#include "interleave_scenarios.h"

static struct handle file;
static struct handle other;

static void one_description(void)
{
	file = open_direct(0, O_RDWR);
	other = file;
}

static void two_descriptions(void)
{
	file = open_direct(0, O_RDWR);
	other = open_direct(0, O_RDWR);
}

static void direct_and_ordinary(void)
{
	file = open_direct(0, O_RDWR);
	other = open_ordinary(0, O_RDWR);
}

static void long_write(struct actor *a)
{
	act_pwrite(a, file, 20000, 100);
}

static void long_write_by_other(struct actor *a)
{
	act_pwrite(a, other, 20000, 100);
}

static void first_half(struct actor *a)
{
	act_pwrite(a, file, 9000, 100);
}

static void second_half(struct actor *a)
{
	act_pwrite(a, other, 9000, 3000);
}

static void whole_blocks_inside(struct actor *a)
{
	act_pwrite(a, other, 4096, 4096);
}

static void small_and_sync(struct actor *a)
{
	act_pwrite(a, other, 100, 5000);
	act_fsync(a, other);
}

static void cut_and_sync(struct actor *a)
{
	act_ftruncate(a, other, 5000);
	act_fsync(a, other);
}

const struct scenario scenarios_overlap[] = {
	{ .name = "same_range",
	  .hunts = "two writes of the same range are mixed",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { long_write, long_write_by_other } },
	{ .name = "same_range_two_descriptions",
	  .hunts = "the same through two descriptions",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = two_descriptions,
	  .play = { long_write, long_write_by_other } },
	{ .name = "overlapping_ranges",
	  .hunts = "two writes are mixed where they overlap",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = two_descriptions,
	  .play = { first_half, second_half } },
	{ .name = "overlapping_aligned",
	  .hunts = "errors (documented limit: the bytes may be mixed)",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = BYTES_MAY_DIFFER,
	  .set_up = two_descriptions,
	  .play = { first_half, whole_blocks_inside } },
	{ .name = "overlapping_ordinary",
	  .hunts = "EIO where an ordinary descriptor writes and syncs",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = BYTES_MAY_DIFFER | AWAITED,
	  .set_up = direct_and_ordinary,
	  .play = { long_write, small_and_sync } },
	{ .name = "cut_meanwhile",
	  .hunts = "errors beside ftruncate (documented limit: the bytes may differ)",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = BYTES_MAY_DIFFER,
	  .set_up = direct_and_ordinary,
	  .play = { first_half, cut_and_sync } },
	{ 0 },
};
