/* Linux AIO, POSIX AIO, streams and calls by number, beside other calls. */
#include "interleave_scenarios.h"

static struct handle file;
static struct handle other;
static FILE *stream;

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

static void appending(void)
{
	file = open_direct(0, O_RDWR | O_APPEND);
	other = file;
}

static void with_stream(void)
{
	one_description();
	offset_at(file, 100);
	stream = stream_on(file);
}

static void with_appending_stream(void)
{
	appending();
	stream = stream_on(file);
}

/* Submits and waits. */
static void aio(struct actor *a, struct handle h, size_t len, off_t pos)
{
	aio_ready(a);
	act_aio_write(a, h, len, pos);
	act_aio_wait(a);
}

static void aio_edge(struct actor *a)
{
	aio(a, file, 700, 5);
}

static void aio_edges(struct actor *a)
{
	aio(a, file, 9000, 100);
}

static void aio_blocks(struct actor *a)
{
	aio(a, file, 8192, 4096);
}

/* Direct where the device has sectors of 512 bytes. */
static void aio_sector(struct actor *a)
{
	aio(a, file, 512, 4096 + 1024);
}

static void aio_append(struct actor *a)
{
	aio(a, file, 4096, 0);
}

static void posix_edge(struct actor *a)
{
	act_posix_write(a, file, 700, 5);
}

static void posix_append(struct actor *a)
{
	act_posix_write(a, file, 700, 0);
}

static void number_edge(struct actor *a)
{
	act_pwrite_by_number(a, file, 700, 5);
}

static void stream_record(struct actor *a)
{
	act_stream_write(a, file, stream, 700);
}

static void print(struct actor *a)
{
	act_dprintf(a, file, 700);
}

static void edge_in_same_block(struct actor *a)
{
	act_pwrite(a, other, 300, 1000);
}

/* In the page of aio_sector(). */
static void edges_around(struct actor *a)
{
	act_pwrite(a, other, 700, 4096 + 5);
	act_pwrite(a, other, 700, 4096 + 1600);
	act_fsync(a, other);
}

/* The edge and the blocks of aio_blocks() overlap. */
static void edge_and_sync(struct actor *a)
{
	act_pwrite(a, other, 700, 4000);
	act_fsync(a, other);
}

static void cut_and_sync(struct actor *a)
{
	act_ftruncate(a, other, 20001);
	act_fsync(a, other);
}

static void one_block(struct actor *a)
{
	act_pwrite(a, other, 4096, 16384);
}

static void record(struct actor *a)
{
	act_write(a, other, 9000);
}

static void number_in_same_block(struct actor *a)
{
	act_pwrite_by_number(a, other, 300, 1000);
}

#define TWO_ACTORS .actors = 2, .flags = DOOR, .files = 1, .sizes = { 24576 }
#define AT_ODD_END .actors = 2, .flags = DOOR, .files = 1, .sizes = { 8292 }

const struct scenario scenarios_doors[] = {
	{ .name = "aio_edge_beside_edge",
	  .hunts = "an asynchronous edge and another in one block overwrite each other",
	  TWO_ACTORS,
	  .set_up = two_descriptions,
	  .play = { aio_edge, edge_in_same_block } },
	{ .name = "aio_edge_beside_aligned",
	  .hunts = "an aligned write left dirty by an asynchronous edge",
	  TWO_ACTORS,
	  .set_up = one_description,
	  .play = { aio_edge, one_block } },
	{ .name = "aio_edges_beside_truncation",
	  .hunts = "a truncation undone by an asynchronous write; fsync fails",
	  TWO_ACTORS,
	  .set_up = two_descriptions,
	  .play = { aio_edges, cut_and_sync } },
	{ .name = "aio_in_flight_beside_edges",
	  .hunts = "an edge beside an asynchronous write that has not ended",
	  TWO_ACTORS,
	  .set_up = one_description,
	  .play = { aio_sector, edges_around } },
	{ .name = "aio_in_flight_beside_sync",
	  .hunts = "the same, overlapping; fsync fails",
	  TWO_ACTORS,
	  .set_up = two_descriptions,
	  .play = { aio_blocks, edge_and_sync } },
	{ .name = "aio_in_flight_beside_child",
	  .hunts = "the same beside a child's edges",
	  TWO_ACTORS,
	  .processes = 2,
	  .set_up = one_description,
	  .play = { aio_sector, edges_around } },
	{ .name = "aio_append_beside_append",
	  .hunts = "an asynchronous append in the range of another, or refused",
	  AT_ODD_END,
	  .set_up = appending,
	  .play = { aio_append, record } },
	{ .name = "posix_edge_beside_edge",
	  .hunts = "aio_write and an edge in one block overwrite each other",
	  TWO_ACTORS,
	  .set_up = one_description,
	  .play = { posix_edge, edge_in_same_block } },
	{ .name = "posix_append_beside_append",
	  .hunts = "two appends at the same offset",
	  AT_ODD_END,
	  .set_up = appending,
	  .play = { posix_append, record } },
	{ .name = "stream_beside_record",
	  .hunts = "a record of a stream in the range of another",
	  TWO_ACTORS,
	  .set_up = with_stream,
	  .play = { stream_record, record } },
	{ .name = "stream_beside_record_of_child",
	  .hunts = "the same, the other is a child's",
	  TWO_ACTORS,
	  .processes = 2,
	  .set_up = with_stream,
	  .play = { stream_record, record } },
	{ .name = "stream_append_beside_append",
	  .hunts = "the same at the end of the file",
	  AT_ODD_END,
	  .set_up = with_appending_stream,
	  .play = { stream_record, record } },
	{ .name = "dprintf_beside_append",
	  .hunts = "a line of dprintf in the range of another append",
	  AT_ODD_END,
	  .set_up = appending,
	  .play = { print, record } },
	{ .name = "number_edge_beside_edge",
	  .hunts = "calls by number in one block overwrite each other",
	  TWO_ACTORS,
	  .set_up = one_description,
	  .play = { number_edge, number_in_same_block } },
	{ .name = "number_edge_beside_aligned",
	  .hunts = "an aligned write left dirty by a call by number",
	  TWO_ACTORS,
	  .set_up = one_description,
	  .play = { number_edge, one_block } },
	{ 0 },
};
