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

uint64_t counts_direct(const struct counts *c)
{
	uint64_t bytes = counts_bytes(c);
	uint64_t aside = c->copied + c->buffered;

	return aside < bytes ? bytes - aside : 0;
}

uint64_t counts_cost(const struct counts *c)
{
	uint64_t refused = c->calls[WAY_REFUSED];

	return (refused ? REFUSED_NS + refused : 0) + c->calls[WAY_PARTIAL] * PARTIAL_NS +
	       c->copy_ns;
}

static int more(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int by_calls(const void *one, const void *other)
{
	const struct tail *a = one, *b = other;
	int order = more(a->calls, b->calls);

	return order ? order : -more(a->bytes, b->bytes);
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
	to->not_direct = load(&from->not_direct);
	to->no_tail = load(&from->no_tail);
	to->other_tails = load(&from->other_tails);
	for (int i = 0; i < RECORD_TAILS; i++) {
		to->tail[i].bytes = load(&from->tail[i].bytes);
		to->tail[i].calls = load(&from->tail[i].calls);
	}
	qsort(to->tail, RECORD_TAILS, sizeof(to->tail[0]), by_calls);
}

/* The path may have no NUL: a record file may be damaged. */
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
	to->not_direct += from->not_direct;
	to->no_tail += from->no_tail;
	to->other_tails += from->other_tails;
	for (int i = 0; i < RECORD_TAILS; i++)
		if (from->tail[i].calls)
			add_tail(to, &from->tail[i]);
	qsort(to->tail, RECORD_TAILS, sizeof(to->tail[0]), by_calls);
}

/* An entry is taken before it is filled in. Those that are not, yet or any more, have no calls. */
static uint64_t entries(const struct record *rec)
{
	uint64_t n = atomic_load_explicit(&rec->files, memory_order_acquire);

	return n < RECORD_FILES ? n : RECORD_FILES;
}

static uint64_t count_others(const struct record *rec)
{
	uint64_t n = 0;

	for (int i = 0; i < RECORD_OTHERS; i++)
		n += load(&rec->other_file[i]) != 0;
	return n;
}

static void take_others(const struct record *rec, struct counted *c)
{
	c->lost = load(&rec->lost_files);
	copy_file(&rec->other, &c->other);
	if (!c->lost && !c->other.refused)
		return;
	c->others = count_others(rec);
	/* Where the set is nearly full, some may have found no place in it. */
	c->others_at_least = c->others > (uint64_t)RECORD_OTHERS / 4 * 3;
}

int counted_take(const struct record *rec, struct counted *c)
{
	uint64_t all = entries(rec);

	*c = (struct counted){ .io_urings = load(&rec->io_urings),
			       .liburings = load(&rec->liburings),
			       .no_io_uring = load(&rec->no_io_uring) != 0,
			       .opened = load(&rec->opened),
			       .not_opened = load(&rec->not_opened) };
	c->file = calloc(all + 1, sizeof(*c->file));
	if (!c->file)
		return ENOMEM;
	for (uint64_t i = 0; i < all; i++) {
		const struct record_file *f = &rec->file[i];

		if (atomic_load_explicit(&f->state, memory_order_acquire) != RECORD_READY)
			continue;
		copy_file(f, &c->file[c->files]);
		c->files += file_calls(&c->file[c->files]) || c->file[c->files].refused;
	}
	qsort(c->file, c->files, sizeof(*c->file), by_bytes);
	take_others(rec, c);
	return 0;
}

void counted_free(struct counted *c)
{
	free(c->file);
	*c = (struct counted){ 0 };
}

struct counts counts_of_file(const struct counted_file *f)
{
	struct counts sum = f->counts[RECORD_READ];

	counts_add(&sum, &f->counts[RECORD_WRITE]);
	return sum;
}

static void add_file(struct counts *total, const struct counted_file *f)
{
	for (int dir = 0; dir < RECORD_DIRECTIONS; dir++)
		counts_add(total, &f->counts[dir]);
}

struct counts counted_total(const struct counted *c)
{
	struct counts total = { 0 };

	for (size_t i = 0; i < c->files; i++)
		add_file(&total, &c->file[i]);
	add_file(&total, &c->other);
	memset(total.tail, 0, sizeof(total.tail));
	return total;
}

struct counts counts_of_record(const struct record *rec)
{
	struct counts total = { 0 };
	struct counted_file f;

	for (uint64_t i = 0; i < entries(rec); i++) {
		copy_file(&rec->file[i], &f);
		add_file(&total, &f);
	}
	copy_file(&rec->other, &f);
	add_file(&total, &f);
	memset(total.tail, 0, sizeof(total.tail));
	return total;
}
