/*
 * A write with partial blocks at its edges and whole ones between them: what waits, waits together.
 * See write_step.h.
 */
#include <fcntl.h>

#include "cached.h"
#include "overlap.h"
#include "sys.h"
#include "without.h"
#include "write_step.h"

/*
 * The kernel reads the block around an edge before it changes it, and waits for that. Ask for both
 * ends now, and the second read runs beside the first, and beside the direct write between them.
 */
void write_fetch_edges(const struct writing *w)
{
	const struct geometry *g = &w->d->geo;
	uint64_t block = g->block;
	const uint64_t edges[] = { w->pos, w->end };

	if (w->d->block_device || (without & WITHOUT_PREFETCH))
		return;
	for (int i = 0; i < 2; i++)
		if ((edges[i] & (g->off - 1)) && edges[i] < w->d->size)
			sys(SYS_fadvise64, w->rq->fd, (long)(edges[i] & ~(block - 1)), (long)block,
			    POSIX_FADV_WILLNEED);
}

/* The whole blocks of a request that has partial ones as well. False: not to be written around. */
static bool whole_blocks(struct writing *w, uint64_t *start, uint64_t *end)
{
	const struct geometry *g = &w->d->geo;
	struct step first = plan_write(g, w->pos, w->end - w->pos, 0);

	*start = w->pos + (first.how == HOW_EDGE ? first.len : 0);
	*end = w->end & (g->off - 1) ? w->end & ~(uint64_t)(g->block - 1) : w->end;
	return !w->d->block_device && *start < *end && w->end <= w->d->size &&
	       (*start > w->pos || *end < w->end) &&
	       overlap_possible(w->rq, w->d, *start, *end - *start) &&
	       usermem_readable_prefix(&w->from, w->end - w->pos) == w->end - w->pos;
}

/* The edge at the end, while what is before it may still be on its way. */
static bool write_last_edge(struct writing *w, uint64_t pos)
{
	struct writing last = *w;
	size_t len = w->end - pos;

	if (!len)
		return true;
	last.pos = pos;
	cursor_advance(&last.from, pos - w->pos);
	if (write_cached(&last, len) != (long)len)
		return false;
	w->cached_from = last.cached_from;
	cached_sync_start(w->rq->fd, pos, w->end);
	return true;
}

/*
 * In a file that is long enough already the whole blocks set out first, and are on their way while the
 * kernel reads the blocks around the edges, changes them, and begins to write them back. (If an edge
 * then fails there are bytes beyond the count that are written, as there may be after any direct write
 * that fails.) Returns the bytes that are where they belong, or a negative errno; 0: not to be had.
 */
long write_around(struct writing *w)
{
	uint64_t start, end, sound;
	struct cursor from = w->from;
	struct overlap o;
	bool last = false;
	long ret = 0;

	if (!whole_blocks(w, &start, &end) || !overlap_begin(&o, w->rq->fd, start, end - start))
		return 0;
	cursor_advance(&from, start - w->pos);
	overlap_write(&o, &from, end);
	if (!overlap_stopped(&o)) {
		ret = start > w->pos ? write_cached(w, start - w->pos) : 0;
		last = ret == (long)(start - w->pos) && write_last_edge(w, end);
	}
	sound = overlap_end(&o);
	if (ret < (long)(start - w->pos))
		return ret;
	return (long)((last && sound == end ? w->end : sound) - w->pos);
}
