/* Appends at the same time as other writes. */
#include "interleave_scenarios.h"

static struct handle appending;
static struct handle file;

static void two_descriptions(void)
{
	appending = open_direct(0, O_RDWR | O_APPEND);
	file = open_direct(0, O_RDWR);
}

static void one_description(void)
{
	appending = open_direct(0, O_RDWR | O_APPEND);
}

static void append(struct actor *a)
{
	act_write(a, appending, 700);
}

static void append_more(struct actor *a)
{
	act_write(a, appending, 9000);
}

static void append_block(struct actor *a)
{
	act_write(a, appending, 4096);
}

static void edge(struct actor *a)
{
	act_pwrite(a, file, 700, 100);
}

static void block(struct actor *a)
{
	act_pwrite(a, file, 4096, 0);
}

static void edge_at_end(struct actor *a)
{
	act_pwrite(a, file, 300, 4000);
}

const struct scenario scenarios_append[] = {
	{ .name = "append_beside_edge",
	  .hunts = "an append and an edge overwrite each other",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 8292 },
	  .set_up = two_descriptions,
	  .play = { append, edge } },
	{ .name = "append_beside_aligned",
	  .hunts = "the same with a whole block",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 8292 },
	  .set_up = two_descriptions,
	  .play = { append_more, block } },
	{ .name = "append_beside_extension",
	  .hunts = "an append over bytes that extend the file",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 4096 },
	  .set_up = two_descriptions,
	  .play = { append, edge_at_end } },
	{ .name = "append_beside_append",
	  .hunts = "two appends at the same offset",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 8292 },
	  .set_up = one_description,
	  .play = { append, append_more } },
	{ .name = "append_beside_aligned_append",
	  .hunts = "the same, one of them needs no help",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 8192 },
	  .set_up = one_description,
	  .play = { append, append_block } },
	{ .name = "append_beside_append_of_child",
	  .hunts = "the same in a forked child",
	  .actors = 2,
	  .processes = 2,
	  .files = 1,
	  .sizes = { 8292 },
	  .set_up = one_description,
	  .play = { append, append_more } },
	{ 0 },
};
