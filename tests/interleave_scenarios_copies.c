/* Copies between descriptors, beside calls that share the description, the file or the number. */
#include "interleave_scenarios.h"

static struct handle file;
static struct handle other;
static struct handle source;
static int pipe_end;

static void one_description(void)
{
	file = open_direct(0, O_RDWR);
	source = open_ordinary(1, O_RDONLY);
	offset_at(file, 100);
}

static void both_direct(void)
{
	file = open_direct(0, O_RDWR);
	source = open_direct(1, O_RDONLY);
	offset_at(file, 100);
}

static void with_pipe(void)
{
	file = open_direct(0, O_RDWR);
	pipe_end = filled_pipe(9000);
}

static void with_pipe_and_successor(void)
{
	with_pipe();
	other = open_direct(1, O_RDWR);
}

/*
 * The number of `file` goes to the other file. Nobody else moves an offset here: a sendfile(2) of the kernel does not
 * have its output's offset to itself either.
 */
static void two_files(void)
{
	file = open_direct(0, O_RDWR);
	other = open_direct(1, O_RDWR);
	source = other;
	offset_at(file, 100);
}

static void send(struct actor *a)
{
	act_sendfile(a, file, source, 9000, 100);
}

static void copy(struct actor *a)
{
	act_copy_range(a, file, source, 9000, 100, 5);
}

static void copy_edge(struct actor *a)
{
	act_copy_range(a, file, source, 700, 5, 100);
}

static void take_from_pipe(struct actor *a)
{
	act_splice(a, file, pipe_end, 9000, 100);
}

static void edge_in_last_block(struct actor *a)
{
	act_pwrite(a, file, 700, 9500);
}

static void one_block(struct actor *a)
{
	act_pwrite(a, file, 4096, 16384);
}

static void close_number(struct actor *a)
{
	act_close(a, file);
}

static void replace(struct actor *a)
{
	act_dup2(a, other, file);
}

static void close_and_open(struct actor *a)
{
	act_close(a, file);
	act_open(a, 1, O_RDWR);
}

#define TWO_ACTORS .actors = 2, .flags = DOOR, .files = 2, .sizes = { 24576, 20000 }

const struct scenario scenarios_copies[] = {
	{ .name = "sendfile_beside_edge",
	  .hunts = "a copy and an edge in one block overwrite each other",
	  TWO_ACTORS,
	  .set_up = both_direct,
	  .play = { send, edge_in_last_block } },
	{ .name = "sendfile_beside_aligned",
	  .hunts = "an aligned write left dirty by a neighbour's copy",
	  TWO_ACTORS,
	  .set_up = one_description,
	  .play = { send, one_block } },
	{ .name = "sendfile_beside_close",
	  .hunts = "a copy that ends in the file that got its number",
	  .actors = 2,
	  .flags = DOOR | MAY_BE_DIRTY, /* the victim is ordinary */
	  .files = 2,
	  .sizes = { 24576, 20000 },
	  .set_up = two_files,
	  .play = { send, close_and_open } },
	{ .name = "copy_range_beside_edge",
	  .hunts = "a copied range and an edge in one block overwrite each other",
	  TWO_ACTORS,
	  .set_up = both_direct,
	  .play = { copy, edge_in_last_block } },
	{ .name = "copy_range_beside_aligned_of_child",
	  .hunts = "a child's aligned write left dirty by a copied range",
	  TWO_ACTORS,
	  .processes = 2,
	  .set_up = one_description,
	  .play = { copy_edge, one_block } },
	{ .name = "copy_range_beside_dup2",
	  .hunts = "a copied range in two files",
	  TWO_ACTORS,
	  .set_up = two_files,
	  .play = { copy_edge, replace } },
	{ .name = "splice_beside_edge",
	  .hunts = "bytes of a pipe and an edge in one block overwrite each other",
	  TWO_ACTORS,
	  .set_up = with_pipe,
	  .play = { take_from_pipe, edge_in_last_block } },
	{ .name = "splice_beside_aligned",
	  .hunts = "an aligned write left dirty by a neighbour's splice",
	  TWO_ACTORS,
	  .set_up = with_pipe,
	  .play = { take_from_pipe, one_block } },
	{ .name = "splice_beside_close",
	  .hunts = "bytes of a pipe that are lost with the number",
	  TWO_ACTORS,
	  .set_up = with_pipe,
	  .play = { take_from_pipe, close_number } },
	{ .name = "splice_beside_dup2",
	  .hunts = "bytes of a pipe in two files",
	  TWO_ACTORS,
	  .set_up = with_pipe_and_successor,
	  .play = { take_from_pipe, replace } },
	{ 0 },
};
