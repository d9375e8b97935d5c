/* Puts calls into the record files. See record_call.h. */
#include "record_call.h"

#include "offset.h"
#include "record_file.h"
#include "recording.h"
#include "refused.h"
#include "sys.h"

/* Counters do not order anything, so they are relaxed. */
static void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	if (n)
		atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void count_call(struct record_counts *c, enum record_way way, long ret)
{
	counter_add(&c->calls[way], 1);
	counter_add(&c->bytes[way], ret > 0 ? (uint64_t)ret : 0);
}

/* The file system has refused O_DIRECT. */
static void count_buffered(struct record_counts *c, ssize_t ret)
{
	count_call(c, WAY_PARTIAL, ret);
	counter_add(&c->buffered, (uint64_t)ret);
}

void record_answered(int fd, enum record_direction direction, ssize_t ret)
{
	struct record *rec = recording.stats;
	struct identity id;
	struct record_file *f;

	if (!rec || !record_direct(fd, &id))
		return;
	f = record_file(rec, &id, fd);
	if (!f)
		counter_add(&rec->lost_files, 1);
	else if (ret < 0)
		count_call(&f->counts[direction], WAY_FAILED, ret);
	else if (unlikely(refused_buffered) && refused_is(fd))
		count_buffered(&f->counts[direction], ret);
	else
		count_call(&f->counts[direction], WAY_UNTOUCHED, ret);
}

void record_met_window(int fd, enum record_direction direction, ssize_t ret)
{
	struct record *rec = recording.stats;
	struct identity id;
	struct record_file *f;
	struct record_counts *c;

	if (!rec || !record_direct(fd, &id))
		return;
	f = record_file(rec, &id, fd);
	if (!f)
		return;
	c = &f->counts[direction];
	atomic_fetch_sub_explicit(&c->calls[WAY_UNTOUCHED], 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&c->bytes[WAY_UNTOUCHED], (uint64_t)ret, memory_order_relaxed);
	count_call(c, WAY_PARTIAL, ret);
	counter_add(&c->buffered, (uint64_t)ret);
}

void record_io_uring(void)
{
	if (recording.stats)
		counter_add(&recording.stats->io_urings, 1);
}

void record_liburing(void)
{
	if (recording.stats)
		counter_add(&recording.stats->liburings, 1);
}

void record_begin(struct request *rq, struct tally *t)
{
	rq->tally = t;
	*t = (struct tally){
		.started = tally_clock(),
		.pos = rq->positional ? rq->pos : -1,
		.len = rq->vectored ? 0 : rq->iov->iov_len,
	};
}

static void set_alignments(struct tally *t, const struct descriptor *d)
{
	t->mem = d->align.mem;
	t->off = d->align.offset;
	t->known = d->known;
}

/* Before anything is moved: later the program may change its array, or unmap it. */
void record_looked(const struct request *rq, const struct descriptor *d)
{
	struct tally *t = rq->tally;

	if (likely(!t))
		return;
	t->len = request_length(rq);
	for (int i = 0; i < rq->count; i++) {
		if (!rq->iov[i].iov_len)
			continue;
		t->addrs |= (uintptr_t)rq->iov[i].iov_base;
		if (rq->count > 1)
			t->lens |= rq->iov[i].iov_len;
	}
	t->append = request_appends(rq, d);
	if (t->append)
		t->pos = (int64_t)d->size;
	set_alignments(t, d);
}

/* The alignments may have changed: descriptor_guess_more(). */
void record_moved(const struct request *rq, const struct descriptor *d)
{
	struct tally *t = rq->tally;

	if (likely(!t))
		return;
	t->direct = true;
	set_alignments(t, d);
}

void record_retried(const struct request *rq)
{
	struct tally *t = rq->tally;

	if (likely(!t))
		return;
	t->done |= DONE_RETRIED;
	t->direct = true;
}

static uint16_t misaligned(const struct tally *t)
{
	uint64_t mem = t->mem ? t->mem - 1 : 0;
	uint64_t off = t->off ? t->off - 1 : 0;

	return ((t->addrs & mem) ? MISALIGNED_ADDRESS : 0) |
	       ((t->len & off) || (t->lens & mem) ? MISALIGNED_LENGTH : 0) |
	       (t->pos > 0 && ((uint64_t)t->pos & off) ? MISALIGNED_OFFSET : 0);
}

/* Adds what can be told only at the end. */
static void complete_tally(const struct request *rq, struct tally *t, long answer)
{
	/* At the description's offset, in one call: it ended where the offset is now. */
	if (!rq->positional && (t->pos < 0 || (t->append && answer > 0))) {
		int64_t now = offset_now(rq->fd);

		t->pos = now < 0 ? -1 : now - (answer > 0 ? answer : 0);
	}
	t->misaligned = misaligned(t);
	if (t->moves > 1)
		t->done |= DONE_SPLIT;
	/* O_DIRECT was off when the call was issued again; it would have been refused otherwise. */
	if ((t->done & DONE_RETRIED) && t->misaligned)
		tally_buffered(t, answer);
}

static enum record_way way_of(const struct tally *t, long answer)
{
	if (answer < 0)
		return answer == -EINVAL && t->misaligned ? WAY_REFUSED : WAY_FAILED;
	if (t->done & DONE_ASIDE)
		return WAY_UNTOUCHED;
	return t->done & (DONE_BUFFERED | DONE_SECTOR) ? WAY_PARTIAL : WAY_BOUNCED;
}

/* Returns the counter of a tail, in its own entry or in a free one. */
static _Atomic uint64_t *tail_counter(struct record_counts *c, uint64_t bytes)
{
	if (!bytes)
		return &c->no_tail;
	for (int i = 0; i < RECORD_TAILS; i++) {
		struct record_tail *tail = &c->tail[i];
		uint64_t there = atomic_load_explicit(&tail->bytes, memory_order_relaxed);

		if (!there && atomic_compare_exchange_strong(&tail->bytes, &there, bytes))
			there = bytes;
		if (there == bytes)
			return &tail->calls;
	}
	return &c->other_tails;
}

static void count_rescued(struct record_counts *c, const struct tally *t, long answer)
{
	enum record_way way = way_of(t, answer);

	count_call(c, way, answer);
	counter_add(&c->copied, t->copied);
	counter_add(&c->copy_ns, t->copy_ns);
	counter_add(&c->buffered, t->buffered);
	for (int i = 0; i < RECORD_MISALIGNED; i++)
		counter_add(&c->misaligned[i], t->misaligned >> i & 1);
	if ((way == WAY_BOUNCED || way == WAY_PARTIAL) && t->off && t->pos >= 0)
		counter_add(tail_counter(c, ((uint64_t)t->pos + t->len) & (t->off - 1)), 1);
}

/* A guess that worked confirms the offset alignment, but not that of the address. */
static void keep_alignments(struct record_file *f, const struct tally *t)
{
	if (t->known)
		atomic_store_explicit(&f->mem_align, t->mem, memory_order_relaxed);
	if (t->known || (t->off && t->moves && !t->buffered))
		atomic_store_explicit(&f->offset_align, t->off, memory_order_relaxed);
}

static struct record_file *place_of(struct record *rec, const struct request *rq,
				    const struct identity *id)
{
	struct record_file *f = record_file(rec, id, rq->fd);

	if (f)
		keep_alignments(f, rq->tally);
	else
		counter_add(&rec->lost_files, 1);
	return f;
}

void record_rescued(const struct request *rq, int refusal, long answer)
{
	struct tally *t = rq->tally;
	struct identity id;
	struct record_file *f = NULL;

	if (!(t->direct ? record_identify(rq->fd, &id) : record_direct(rq->fd, &id)))
		return;
	complete_tally(rq, t, answer);
	if (recording.stats) {
		f = place_of(recording.stats, rq, &id);
		if (f)
			count_rescued(&f->counts[record_direction(rq)], t, answer);
	}
	if (!recording.trace)
		return;
	if (recording.trace != recording.stats)
		f = place_of(recording.trace, rq, &id);
	record_ring(recording.trace, f ? (uint32_t)(f - recording.trace->file) : RECORD_FILES, rq,
		    refusal, answer);
}
