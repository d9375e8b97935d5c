/*
 * Misaligned writes at the same time as calls that share the description and touch other blocks. A
 * buffered edge clears O_DIRECT for a moment, and this flag belongs to the shared description.
 */
#include "interleave_scenarios.h"

static struct handle file;
static struct handle other;

static void one_description(void)
{
	file = open_direct(0, O_RDWR);
}

static void two_numbers(void)
{
	file = open_direct(0, O_RDWR);
	other = same_description(file);
}

static void one_edge(struct actor *a)
{
	act_pwrite(a, file, 700, 5);
}

static void two_edges(struct actor *a)
{
	act_pwrite(a, file, 9000, 100);
}

static void one_block(struct actor *a)
{
	act_pwrite(a, file, 4096, 16384);
}

static void one_block_by_duplicate(struct actor *a)
{
	act_pwrite(a, other, 4096, 16384);
}

static void two_blocks(struct actor *a)
{
	act_pwrite(a, file, 8192, 16384);
	act_pwrite(a, file, 4096, 12288);
}

static void edge_in_same_block(struct actor *a)
{
	act_pwrite(a, file, 300, 1000);
}

static void edge_in_other_block(struct actor *a)
{
	act_pwrite(a, file, 700, 13000);
}

static void edges_in_other_blocks(struct actor *a)
{
	act_pwrite(a, file, 9000, 9100);
}

static void aligned_read(struct actor *a)
{
	act_pread(a, file, 4096, 16384);
}

static void misaligned_read(struct actor *a)
{
	act_pread(a, file, 5000, 12300);
}

static void reads_of_what_is_written(struct actor *a)
{
	act_pread(a, file, 4096, 0);
	act_pread(a, file, 700, 5);
}

const struct scenario scenarios_edges[] = {
	{ .name = "edge_beside_aligned",
	  .hunts = "an aligned write left dirty by a neighbour's edge",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { one_edge, one_block } },
	{ .name = "edges_beside_aligned",
	  .hunts = "the same with whole blocks between two edges",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { two_edges, two_blocks } },
	{ .name = "edge_beside_duplicate",
	  .hunts = "the same through a duplicate of the descriptor",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = two_numbers,
	  .play = { one_edge, one_block_by_duplicate } },
	{ .name = "edge_beside_child",
	  .hunts = "the same in a forked child",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { one_edge, one_block } },
	{ .name = "edges_beside_child",
	  .hunts = "the same in a forked child, two edges",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { two_edges, two_blocks } },
	{ .name = "edge_beside_edge",
	  .hunts = "O_DIRECT set again during a neighbour's edge, one block",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { one_edge, edge_in_same_block } },
	{ .name = "edge_beside_far_edge",
	  .hunts = "the same in different blocks",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { one_edge, edge_in_other_block } },
	{ .name = "edges_beside_edges",
	  .hunts = "the same with whole blocks between two edges each",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { two_edges, edges_in_other_blocks } },
	{ .name = "edge_beside_edge_of_child",
	  .hunts = "the same in a forked child",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { one_edge, edge_in_other_block } },
	{ .name = "edge_beside_aligned_read",
	  .hunts = "an aligned read that goes through the page cache",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = READS_UNCACHED,
	  .set_up = one_description,
	  .play = { one_edge, aligned_read } },
	{ .name = "edge_beside_misaligned_read",
	  .hunts = "the same, misaligned",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = READS_UNCACHED,
	  .set_up = one_description,
	  .play = { one_edge, misaligned_read } },
	{ .name = "edge_beside_its_readers",
	  .hunts = "a read of half a write",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { one_edge, reads_of_what_is_written } },
	{ .name = "two_edges_and_aligned",
	  .hunts = "the first of two edges ends, the second goes on",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { one_edge, edge_in_other_block, one_block } },
	{ .name = "bounce_in_line",
	  .hunts = "a thread that waits for a bounce buffer and is not woken (with one buffer)",
	  .actors = 3,
	  .files = 1,
	  .sizes = { 24576 },
	  .set_up = one_description,
	  .play = { misaligned_read, misaligned_read, misaligned_read } },
	{ 0 },
};
