/* Overwrites with edges. See write_edges.h. */
#include "write_edges.h"

#include "buffered.h"
#include "disable.h"
#include "mapped.h"
#include "range.h"
#include "rwf.h"
#include "tally.h"

enum { PIECES = 4 }; /* of the memory of one edge; more are written by themselves */

/* A buffered write may refuse RWF_NOWAIT after the whole blocks have been written. */
static bool may_not_wait(const struct request *rq)
{
	return rq->flags & KERNEL_RWF_NOWAIT;
}

/*
 * Returns whether the write changes only bytes that the file has, in blocks that it has, from memory
 * that is good.
 */
static bool overwrites(const struct writing *w)
{
	return !w->d->block_device && w->d->strict && w->end <= w->d->size &&
	       w->from.checked >= w->end - w->pos && mapped_in_place(w->rq->fd, w->pos, w->end);
}

/* Returns where the bytes for `pos` are in the program's memory. */
static struct cursor memory_of(const struct writing *w, uint64_t pos)
{
	struct cursor from = w->edges.from;

	cursor_advance(&from, pos - w->edges.start);
	return from;
}

/* Makes the call for one edge, if its memory is in few pieces. Returns the count, or a negative errno. */
static long issue_edge(const struct writing *w, uint64_t pos, size_t len)
{
	struct cursor from = memory_of(w, pos);
	struct iovec pieces[PIECES];
	int count = cursor_pieces(&from, len, pieces, PIECES);
	const struct request at = request_at(w->rq, pieces, count, pos);
	long ret;

	if (request_length(&at) < len)
		return 0;
	ret = request_issue(&at);
	tally_buffered(w->rq->tally, ret);
	return ret;
}

static long issue_both(void *writing)
{
	struct writing *w = writing;
	struct edges *e = &w->edges;

	e->head_done = issue_edge(w, e->start, e->head);
	if (e->head_done == (long)e->head)
		e->tail_done = issue_edge(w, e->end - e->tail, e->tail);
	return 0;
}

/* In one window, which is told where the write begins (async.c). */
static void write_both(struct writing *w)
{
	struct request at = *w->rq;

	at.positional = true;
	at.pos = (int64_t)w->edges.start;
	buffered_call(&at, issue_both, w);
}

/* Returns whether an edge has still to be written; EINVAL: O_DIRECT was set again (buffered.c). */
static bool not_yet(size_t len, long done)
{
	return len && (!done || done == -EINVAL);
}

/*
 * Returns the bytes written, or a negative errno. Not on a copy of `w`, which would take much of the stack.
 */
static long write_one(struct writing *w, uint64_t pos, size_t len)
{
	const struct cursor from = w->from;
	const uint64_t next = w->pos, end = w->end;
	const bool stopped = w->stopped;
	size_t done = 0;
	long ret = 0;

	w->end = w->edges.end;
	/* Scattered memory may take several calls (request_part()). */
	for (w->stopped = false; done < len && !w->stopped; done += (size_t)ret) {
		w->pos = pos + done;
		w->from = memory_of(w, w->pos);
		ret = write_buffered(w, len - done);
		if (ret <= 0)
			break;
	}
	w->pos = next;
	w->end = end;
	w->from = from;
	w->stopped = stopped;
	return done ? (long)done : ret;
}

/* Writes the edges, or the first alone. Stores what was written of each, or a negative errno. */
static void write_edges(struct writing *w, bool with_tail)
{
	struct edges *e = &w->edges;

	e->head_done = e->tail_done = 0;
	if (e->head && e->tail && with_tail)
		write_both(w);
	if (not_yet(e->head, e->head_done))
		e->head_done = write_one(w, e->start, e->head);
	if (with_tail && e->head_done == (long)e->head && not_yet(e->tail, e->tail_done))
		e->tail_done = write_one(w, e->end - e->tail, e->tail);
}

/* Returns whether the write can go on after its edges came first. */
static bool edges_first(struct writing *w)
{
	struct edges *e = &w->edges;

	write_edges(w, true);
	if (e->head_done != (long)e->head)
		return false;
	/* The device works on an edge at the start already (write_buffered()). */
	if (e->tail)
		buffered_sync_start(w->rq->fd, e->start, e->end);
	/* The edge at the end is left to its turn. */
	if (e->tail_done != (long)e->tail)
		e->tail = 0;
	return true;
}

void write_edges_begin(struct writing *w)
{
	struct edges *e = &w->edges;

	*e = (struct edges){ .start = w->pos, .end = w->end, .from = w->from };
	plan_edges(&w->d->align, w->pos, w->end - w->pos, &e->head, &e->tail);
	if (!(e->head || e->tail) || (disabled & DISABLE_PREFETCH) ||
	    request_synchronous(w->rq, w->d) || may_not_wait(w->rq) || !overwrites(w))
		return;
	e->apart = true;
	e->put_off = range_others();
	if (!e->put_off && !edges_first(w)) {
		w->stopped = true;
		return;
	}
	w->pos += e->head;
	w->end -= e->tail;
	cursor_advance(&w->from, e->head);
}

long write_edges_end(struct writing *w, long ret)
{
	struct edges *e = &w->edges;

	if (!e->apart)
		return ret;
	if (e->put_off)
		write_edges(w, w->pos == w->end);
	if (e->head_done != (long)e->head) {
		w->pos = e->start + (e->head_done > 0 ? e->head_done : 0);
		ret = e->head_done;
	} else if (w->pos == w->end && e->tail && e->tail_done > 0) {
		w->pos += e->tail_done;
	}
	/* issue_edge() has not noted it. */
	if (e->head)
		w->buffered_from = e->start;
	return ret;
}
