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

/* Returns the file's entry in a record file, and counts the call as lost if it has none of its own. */
static struct record_file *entry_of(struct record *rec, const struct identity *id, int fd)
{
	struct record_file *f = record_file(rec, id, fd);

	if (record_file_is_other(rec, f))
		counter_add(&rec->lost_files, 1);
	return f;
}

static void count_answer(struct record_counts *c, enum record_way way, ssize_t ret)
{
	count_call(c, way, ret);
	if (way == WAY_PARTIAL)
		counter_add(&c->buffered, (uint64_t)ret);
}

void record_answered(int fd, enum record_direction direction, ssize_t ret)
{
	enum record_way way = ret < 0 ? WAY_FAILED : WAY_UNTOUCHED;
	struct identity id;

	if (!recording.stats || !record_direct(fd, &id))
		return;
	/* The file system has refused O_DIRECT. */
	if (unlikely(refused_buffered) && ret >= 0 && refused_is(fd))
		way = WAY_PARTIAL;
	for (const struct recording_to *to = recording.to; to->rec; to++)
		if (to->stats)
			count_answer(&entry_of(to->rec, &id, fd)->counts[direction], way, ret);
}

static void count_met_window(struct record_counts *c, ssize_t ret)
{
	atomic_fetch_sub_explicit(&c->calls[WAY_UNTOUCHED], 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&c->bytes[WAY_UNTOUCHED], (uint64_t)ret, memory_order_relaxed);
	count_call(c, WAY_PARTIAL, ret);
	counter_add(&c->buffered, (uint64_t)ret);
}

void record_met_window(int fd, enum record_direction direction, ssize_t ret)
{
	struct identity id;

	if (!recording.stats || !record_direct(fd, &id))
		return;
	for (const struct recording_to *to = recording.to; to->rec; to++)
		if (to->stats)
			count_met_window(&record_file(to->rec, &id, fd)->counts[direction], ret);
}

void record_io_uring(void)
{
	for (const struct recording_to *to = recording.to; to->rec; to++)
		if (to->stats)
			counter_add(&to->rec->io_urings, 1);
}

void record_liburing(void)
{
	for (const struct recording_to *to = recording.to; to->rec; to++)
		if (to->stats)
			counter_add(&to->rec->liburings, 1);
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

/*
 * Returns what was misaligned. Guessed alignments tell that only if direct calls that have them were accepted: a file
 * system may refuse all, or refuse for another reason.
 */
static uint16_t misaligned(const struct tally *t)
{
	uint64_t mem = t->mem ? t->mem - 1 : 0;
	uint64_t off = t->off ? t->off - 1 : 0;
	uint16_t bits = ((t->addrs & mem) ? MISALIGNED_ADDRESS : 0) |
			((t->len & off) || (t->lens & mem) ? MISALIGNED_LENGTH : 0) |
			(t->pos > 0 && ((uint64_t)t->pos & off) ? MISALIGNED_OFFSET : 0);

	if (t->known)
		return bits;
	return t->off && t->confirmed ? bits | MISALIGNED_GUESSED : MISALIGNED_UNKNOWN;
}

static bool was_misaligned(const struct tally *t)
{
	return t->misaligned & (MISALIGNED_ADDRESS | MISALIGNED_LENGTH | MISALIGNED_OFFSET);
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
	if ((t->done & DONE_RETRIED) && was_misaligned(t))
		tally_buffered(t, answer);
}

static enum record_way way_of(const struct tally *t, long answer)
{
	if (answer < 0)
		return answer == -EINVAL && was_misaligned(t) ? WAY_REFUSED : WAY_FAILED;
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
	counter_add(&c->not_direct, !!(t->done & DONE_NOT_DIRECT));
	if ((way == WAY_BOUNCED || way == WAY_PARTIAL) && t->off && t->pos >= 0 &&
	    !(t->misaligned & MISALIGNED_UNKNOWN))
		counter_add(tail_counter(c, ((uint64_t)t->pos + t->len) & (t->off - 1)), 1);
}

/* The alignment of `other`, whose files may have different ones, is that of the strictest. */
static void keep_alignment(_Atomic uint32_t *kept, uint32_t align, bool other)
{
	if (!other || atomic_load_explicit(kept, memory_order_relaxed) < align)
		atomic_store_explicit(kept, align, memory_order_relaxed);
}

/* A guess that worked confirms the offset alignment, but not that of the address. */
static void keep_alignments(struct record_file *f, const struct tally *t, bool other)
{
	if (t->known)
		keep_alignment(&f->mem_align, t->mem, other);
	if (t->known || (t->off && t->confirmed))
		keep_alignment(&f->offset_align, t->off, other);
}

static uint32_t index_of(const struct record *rec, const struct record_file *f)
{
	return record_file_is_other(rec, f) ? RECORD_FILES : (uint32_t)(f - rec->file);
}

/*
 * Notes what a call has shown of a file: that guessed alignments are right, or that the file system refuses all. Or lets
 * it know, if it has not tried by itself (a predicted call), what others have shown.
 */
static void share_findings(struct record_file *f, struct tally *t)
{
	if (t->known)
		return;
	if (t->done & DONE_NOT_DIRECT)
		atomic_store_explicit(&f->not_direct, 1, memory_order_relaxed);
	if (t->confirmed || (t->done & DONE_NOT_DIRECT))
		return;
	if (atomic_load_explicit(&f->offset_align, memory_order_relaxed))
		t->confirmed = true;
	else if ((t->done & DONE_BUFFERED) &&
		 atomic_load_explicit(&f->not_direct, memory_order_relaxed))
		t->done |= DONE_NOT_DIRECT;
}

/* Looks up the file in all record files. */
static void find_entries(const struct request *rq, const struct identity *id,
			 struct record_file *entry[RECORDINGS])
{
	for (int i = 0; recording.to[i].rec; i++) {
		entry[i] = entry_of(recording.to[i].rec, id, rq->fd);
		if (!record_file_is_other(recording.to[i].rec, entry[i]))
			share_findings(entry[i], rq->tally);
	}
}

void record_rescued(const struct request *rq, int refusal, long answer)
{
	struct record_file *entry[RECORDINGS];
	struct tally *t = rq->tally;
	struct identity id;

	if (!(t->direct ? record_identify(rq->fd, &id) : record_direct(rq->fd, &id)))
		return;
	find_entries(rq, &id, entry);
	complete_tally(rq, t, answer);
	for (int i = 0; recording.to[i].rec; i++) {
		const struct recording_to *to = &recording.to[i];

		keep_alignments(entry[i], t, record_file_is_other(to->rec, entry[i]));
		if (to->stats)
			count_rescued(&entry[i]->counts[record_direction(rq)], t, answer);
		if (to->trace)
			record_ring(to->rec, index_of(to->rec, entry[i]), rq, refusal, answer);
	}
}
