/* Fills records for tests. See record_fill.h. */
#include "record_fill.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

struct record_file *fill_file(struct record *rec, unsigned index, uint64_t inode, const char *path,
			      uint32_t align)
{
	struct record_file *f = &rec->file[index];

	f->device = makedev(8, 1);
	f->inode = inode;
	f->mem_align = align;
	f->offset_align = align;
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->state = RECORD_READY;
	if (rec->files <= index)
		rec->files = index + 1;
	return f;
}

void fill_ways(struct record_counts *c, enum record_way way, uint64_t calls, uint64_t bytes)
{
	c->calls[way] += calls;
	c->bytes[way] += bytes;
}

struct record_call *fill_call(struct record *rec, const struct record_call *call)
{
	uint64_t number = atomic_fetch_add(&rec->calls, 1);
	struct record_call *slot = &rec->call[number % RECORD_CALLS];

	*slot = *call;
	slot->ticket = number + 1;
	return slot;
}

struct record_call fill_example(void)
{
	return (struct record_call){
		.time_ns = INT64_C(1577966401123456789),
		.pid = 1234,
		.tid = 1240,
		.nr = SYS_pwrite64,
		.fd = 3,
		.addr = 0x7f00a1,
		.len = 1000,
		.pos = 4096,
		.ret = 1000,
		.copied = 512,
		.buffered = 488,
		.duration_ns = 210999,
		.misaligned = MISALIGNED_ADDRESS | MISALIGNED_LENGTH,
		.done = DONE_BOUNCED | DONE_BUFFERED,
		.positional = 1,
	};
}
