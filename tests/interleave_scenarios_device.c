/*
 * A raw block device. The kernel has no lock for it, so that only the shim's lock serializes the
 * threads of one process.
 */
#include "interleave_scenarios.h"

static struct handle device;
static struct handle other;

static void one_description(void)
{
	device = other = open_direct(0, O_RDWR);
}

static void two_descriptions(void)
{
	device = open_direct(0, O_RDWR);
	other = open_direct(0, O_RDWR);
}

static void write_only(void)
{
	device = other = open_direct(0, O_WRONLY);
}

static void edge(struct actor *a)
{
	act_pwrite(a, device, 100, 5);
}

static void same_sector(struct actor *a)
{
	act_pwrite(a, other, 100, 200);
}

static void next_sector(struct actor *a)
{
	act_pwrite(a, other, 100, 4096 + 200);
}

static void edges(struct actor *a)
{
	act_pwrite(a, device, 9000, 100);
}

static void edges_beyond(struct actor *a)
{
	act_pwrite(a, other, 9000, 9100);
}

const struct scenario scenarios_device[] = {
	{ .name = "device_same_sector",
	  .hunts = "two writes in one sector overwrite each other",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = ON_DEVICE,
	  .set_up = one_description,
	  .play = { edge, same_sector } },
	{ .name = "device_two_descriptions",
	  .hunts = "the same through two descriptions",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = ON_DEVICE,
	  .set_up = two_descriptions,
	  .play = { edge, same_sector } },
	{ .name = "device_next_sector",
	  .hunts = "neighbouring sectors",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = ON_DEVICE,
	  .set_up = one_description,
	  .play = { edge, next_sector } },
	{ .name = "device_edges",
	  .hunts = "ranges that meet in a sector",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = ON_DEVICE,
	  .set_up = one_description,
	  .play = { edges, edges_beyond } },
	{ .name = "device_write_only",
	  .hunts = "sectors that cannot be read",
	  .actors = 2,
	  .files = 1,
	  .sizes = { 24576 },
	  .flags = ON_DEVICE,
	  .set_up = write_only,
	  .play = { edge, same_sector } },
	{ 0 },
};
