/* Copies the counts out of a record file. See counts.h. */
#include "report/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t load(const _Atomic uint64_t *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

static uint64_t sum(const uint64_t ways[RECORD_WAYS])
{
	uint64_t all = 0;

	for (int way = 0; way < RECORD_WAYS; way++)
		all += ways[way];
	return all;
}

uint64_t counts_calls(const struct counts *c)
{
	return sum(c->calls);
}

uint64_t counts_bytes(const struct counts *c)
{
	return sum(c->bytes);
}

static void copy_counts(const struct record_counts *from, struct counts *to)
{
	for (int way = 0; way < RECORD_WAYS; way++) {
		to->calls[way] = load(&from->calls[way]);
		to->bytes[way] = load(&from->bytes[way]);
	}
	to->copied = load(&from->copied);
	to->copy_ns = load(&from->copy_ns);
	to->buffered = load(&from->buffered);
	for (int bit = 0; bit < RECORD_MISALIGNED; bit++)
		to->misaligned[bit] = load(&from->misaligned[bit]);
	to->no_tail = load(&from->no_tail);
	to->other_tails = load(&from->other_tails);
	for (int i = 0; i < RECORD_TAILS; i++) {
		to->tail[i].bytes = load(&from->tail[i].bytes);
		to->tail[i].calls = load(&from->tail[i].calls);
	}
}

/*
 * The path may have no NUL: an entry that is only RECORD_CLAIMED may be incomplete, if its writer
 * was killed.
 */
static void copy_file(const struct record_file *from, struct counted_file *to)
{
	to->device = from->device;
	to->inode = from->inode;
	to->block_device = from->block_device;
	to->mem_align = atomic_load_explicit(&from->mem_align, memory_order_relaxed);
	to->offset_align = atomic_load_explicit(&from->offset_align, memory_order_relaxed);
	to->refused = load(&from->refused);
	memcpy(to->path, from->path, sizeof(to->path) - 1);
	to->path[sizeof(to->path) - 1] = 0;
	for (int dir = 0; dir < RECORD_DIRECTIONS; dir++)
		copy_counts(&from->counts[dir], &to->counts[dir]);
}

static uint64_t file_calls(const struct counted_file *f)
{
	return counts_calls(&f->counts[RECORD_READ]) + counts_calls(&f->counts[RECORD_WRITE]);
}

static uint64_t file_bytes(const struct counted_file *f)
{
	return counts_bytes(&f->counts[RECORD_READ]) + counts_bytes(&f->counts[RECORD_WRITE]);
}

static int more(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int by_identity(const void *one, const void *other)
{
	const struct counted_file *a = one, *b = other;
	int order = more(a->device, b->device);

	return order ? order : more(a->inode, b->inode);
}

static int by_bytes(const void *one, const void *other)
{
	const struct counted_file *a = one, *b = other;
	int order = more(file_bytes(a), file_bytes(b));

	if (!order)
		order = more(file_calls(a), file_calls(b));
	if (!order)
		order = strcmp(a->path, b->path);
	return order ? order : by_identity(a, b);
}

static int by_calls(const void *one, const void *other)
{
	const struct tail *a = one, *b = other;
	int order = more(a->calls, b->calls);

	return order ? order : -more(a->bytes, b->bytes);
}

static void add_tail(struct counts *to, const struct tail *tail)
{
	for (int i = 0; i < RECORD_TAILS; i++) {
		if (to->tail[i].calls && to->tail[i].bytes != tail->bytes)
			continue;
		to->tail[i].bytes = tail->bytes;
		to->tail[i].calls += tail->calls;
		return;
	}
	to->other_tails += tail->calls;
}

void counts_add(struct counts *to, const struct counts *from)
{
	for (int way = 0; way < RECORD_WAYS; way++) {
		to->calls[way] += from->calls[way];
		to->bytes[way] += from->bytes[way];
	}
	to->copied += from->copied;
	to->copy_ns += from->copy_ns;
	to->buffered += from->buffered;
	for (int bit = 0; bit < RECORD_MISALIGNED; bit++)
		to->misaligned[bit] += from->misaligned[bit];
	to->no_tail += from->no_tail;
	to->other_tails += from->other_tails;
	for (int i = 0; i < RECORD_TAILS; i++)
		if (from->tail[i].calls)
			add_tail(to, &from->tail[i]);
	qsort(to->tail, RECORD_TAILS, sizeof(to->tail[0]), by_calls);
}

static void add_file(struct counted_file *to, const struct counted_file *from)
{
	if (!*to->path)
		memcpy(to->path, from->path, sizeof(to->path));
	if (from->mem_align > to->mem_align)
		to->mem_align = from->mem_align;
	if (from->offset_align > to->offset_align)
		to->offset_align = from->offset_align;
	to->block_device |= from->block_device;
	to->refused += from->refused;
	for (int dir = 0; dir < RECORD_DIRECTIONS; dir++)
		counts_add(&to->counts[dir], &from->counts[dir]);
}

/* Merges entries of the same file, and sorts by bytes. Returns how many entries remain. */
static size_t merge(struct counted_file *file, size_t files)
{
	size_t kept = 0;

	qsort(file, files, sizeof(*file), by_identity);
	for (size_t i = 0; i < files; i++) {
		if (kept && !by_identity(&file[kept - 1], &file[i]))
			add_file(&file[kept - 1], &file[i]);
		else if (kept++ != i)
			file[kept - 1] = file[i];
	}
	qsort(file, kept, sizeof(*file), by_bytes);
	return kept;
}

int counted_take(const struct record *rec, struct counted *c)
{
	*c = (struct counted){ .lost = load(&rec->lost_files),
			       .io_urings = load(&rec->io_urings),
			       .opened = load(&rec->opened),
			       .not_opened = load(&rec->not_opened) };
	c->file = calloc(RECORD_FILES, sizeof(*c->file));
	if (!c->file)
		return ENOMEM;
	for (int i = 0; i < RECORD_FILES; i++) {
		const struct record_file *f = &rec->file[i];

		if (atomic_load_explicit(&f->state, memory_order_acquire) == RECORD_FREE)
			continue;
		copy_file(f, &c->file[c->files]);
		c->files += file_calls(&c->file[c->files]) || c->file[c->files].refused;
	}
	c->files = merge(c->file, c->files);
	return 0;
}

void counted_free(struct counted *c)
{
	free(c->file);
	*c = (struct counted){ 0 };
}

struct counts counted_total(const struct counted *c)
{
	struct counts total = { 0 };

	for (size_t i = 0; i < c->files; i++)
		for (int dir = 0; dir < RECORD_DIRECTIONS; dir++)
			counts_add(&total, &c->file[i].counts[dir]);
	memset(total.tail, 0, sizeof(total.tail));
	return total;
}

void counts_ways(const struct record *rec, uint64_t calls[RECORD_WAYS], uint64_t bytes[RECORD_WAYS])
{
	memset(calls, 0, RECORD_WAYS * sizeof(calls[0]));
	memset(bytes, 0, RECORD_WAYS * sizeof(bytes[0]));
	for (int i = 0; i < RECORD_FILES; i++) {
		if (atomic_load_explicit(&rec->file[i].state, memory_order_relaxed) == RECORD_FREE)
			continue;
		for (int way = 0; way < RECORD_WAYS; way++) {
			for (int dir = 0; dir < RECORD_DIRECTIONS; dir++) {
				calls[way] += load(&rec->file[i].counts[dir].calls[way]);
				bytes[way] += load(&rec->file[i].counts[dir].bytes[way]);
			}
		}
	}
}
