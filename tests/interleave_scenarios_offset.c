/* Calls that share one file offset: each must get a range of its own. */
#include "interleave_scenarios.h"

static struct handle file;
static struct handle follower;
static struct handle writer;

static void one_description(void)
{
	file = open_direct(0, O_RDWR);
}

static void within(void)
{
	file = open_direct(0, O_RDWR);
	offset_at(file, 100);
}

static void with_follower(void)
{
	file = open_direct(0, O_RDWR);
	follower = open_ordinary(0, O_RDONLY);
}

static void with_writer(void)
{
	file = open_direct(0, O_RDWR);
	writer = open_direct(0, O_RDWR | O_APPEND);
}

static void with_ordinary_writer(void)
{
	file = open_direct(0, O_RDWR);
	writer = open_ordinary(0, O_RDWR | O_APPEND);
}

static void torn(struct actor *a)
{
	act_write_torn(a, file, 9000, 5000);
}

static void record(struct actor *a)
{
	act_write(a, file, 700);
}

static void record_too(struct actor *a)
{
	act_write(a, file, 500);
}

static void two_records(struct actor *a)
{
	act_write(a, file, 700);
	act_write(a, file, 800);
}

static void long_record(struct actor *a)
{
	act_write(a, file, 9000);
}

static void block(struct actor *a)
{
	act_write(a, file, 4096);
}

static void follow(struct actor *a)
{
	act_pread(a, follower, 20000, 0);
	act_pread(a, follower, 20000, 0);
}

static void read_record(struct actor *a)
{
	act_read(a, file, 700);
}

static void read_more(struct actor *a)
{
	act_read(a, file, 5000);
}

static void back_to_start(struct actor *a)
{
	act_lseek(a, file, 0);
}

static void append(struct actor *a)
{
	act_write(a, writer, 1000);
}

const struct scenario scenarios_offset[] = {
	{ .name = "records_one_offset",
	  .hunts = "two records in the same range",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 0 },
	  .set_up = one_description,
	  .play = { long_record, record } },
	{ .name = "records_within",
	  .hunts = "the same in the middle of a file",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = within,
	  .play = { long_record, record } },
	{ .name = "torn_beside_record",
	  .hunts = "an offset moved back over a neighbour's record",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 0 },
	  .flags = BAD_MEMORY,
	  .set_up = one_description,
	  .play = { torn, two_records } },
	{ .name = "torn_within",
	  .hunts = "the same in the middle of a file",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = BAD_MEMORY,
	  .set_up = within,
	  .play = { torn, record } },
	{ .name = "torn_beside_aligned",
	  .hunts = "the same, the neighbour writes a whole block",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 0 },
	  .flags = BAD_MEMORY,
	  .set_up = one_description,
	  .play = { torn, block } },
	{ .name = "record_beside_aligned",
	  .hunts = "a passed-through and a rescued call in the same range",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 0 },
	  .set_up = one_description,
	  .play = { long_record, block } },
	{ .name = "records_of_child",
	  .hunts = "two records in the same range, by two processes",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 0 },
	  .set_up = one_description,
	  .play = { long_record, record } },
	{ .name = "torn_beside_record_of_child",
	  .hunts = "an offset moved back, between processes",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = BAD_MEMORY,
	  .set_up = within,
	  .play = { torn, record } },
	{ .name = "record_beside_seek",
	  .hunts = "an lseek of the program is undone",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = within,
	  .play = { long_record, back_to_start } },
	{ .name = "read_beside_record",
	  .hunts = "a read and a write in the same range",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = within,
	  .play = { record, read_more } },
	{ .name = "records_followed",
	  .hunts = "a hole that a follower reads",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 0 },
	  .set_up = with_follower,
	  .play = { record, record_too, follow } },
	{ .name = "long_records_followed",
	  .hunts = "the same, long records",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 0 },
	  .set_up = with_follower,
	  .play = { long_record, record, follow } },
	{ .name = "long_record_followed",
	  .hunts = "a part of a record that a follower reads",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 0 },
	  .set_up = with_follower,
	  .play = { long_record, follow } },
	{ .name = "readers_at_growing_end",
	  .hunts = "bytes skipped or read twice",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 1000 },
	  .set_up = with_writer,
	  .play = { read_record, read_record, append } },
	{ .name = "readers_at_ordinary_end",
	  .hunts = "the same, an ordinary descriptor appends",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 1000 },
	  .set_up = with_ordinary_writer,
	  .play = { read_more, read_record, append } },
	{ 0 },
};
