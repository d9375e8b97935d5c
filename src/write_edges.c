/* Overwrites with edges. See write_edges.h. */
#include "write_edges.h"

#include "buffered.h"
#include "disable.h"
#include "mapped.h"
#include "range.h"
#include "tally.h"

enum { PIECES = 4 }; /* of the memory of one edge; more are written by themselves */

/*
 * Returns whether the write changes only bytes that the file has, in blocks that it has, from memory
 * that is good.
 */
static bool overwrites(const struct writing *w)
{
	return !w->d->block_device && w->d->known && w->end <= w->d->size &&
	       w->from.checked >= w->end - w->pos && mapped_in_place(w->rq->fd, w->pos, w->end);
}

/* Returns where the bytes for `pos` are in the program's memory. */
static struct cursor memory_of(const struct writing *w, uint64_t pos)
{
	struct cursor from = w->edges.from;

	cursor_advance(&from, pos - w->edges.start);
	return from;
}

/* Returns the same call for one edge. */
static struct request part_of(const struct writing *w, uint64_t pos, size_t len,
			      struct iovec pieces[PIECES])
{
	struct cursor from = memory_of(w, pos);

	return request_at(w->rq, pieces, cursor_pieces(&from, len, pieces, PIECES), pos);
}

struct both {
	const struct request *at[2];
	long ret[2];
};

static long issue_both(void *arg)
{
	struct both *both = arg;

	for (int i = 0; i < 2; i++) {
		both->ret[i] = request_issue(both->at[i]);
		tally_buffered(both->at[i]->tally, both->ret[i]);
		if (both->ret[i] <= 0)
			break;
	}
	return 0;
}

/* Writes both edges in one window, as far as that is possible. */
static void write_both(struct writing *w)
{
	struct edges *e = &w->edges;
	struct iovec pieces[2][PIECES];
	const struct request head = part_of(w, e->start, e->head, pieces[0]);
	const struct request tail = part_of(w, e->end - e->tail, e->tail, pieces[1]);
	struct both both = { { &head, &tail }, { 0, 0 } };

	if (request_length(&head) == e->head && request_length(&tail) == e->tail)
		buffered_call(&head, issue_both, &both);
	e->head_done = both.ret[0];
	e->tail_done = both.ret[1];
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
	long ret;

	w->pos = pos;
	w->end = w->edges.end;
	w->from = memory_of(w, pos);
	ret = write_buffered(w, len);
	w->pos = next;
	w->end = end;
	w->from = from;
	w->stopped = stopped;
	return ret;
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
	    request_synchronous(w->rq, w->d) || !overwrites(w))
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
	if (e->head)
		w->buffered_from = e->start;
	else if (w->buffered_from > w->end)
		w->buffered_from = w->end;
	return ret;
}
