/*
 * A write of a fixed range, in as many calls as it takes. See write.h.
 *
 * In ascending order, so that a file is never longer than the data written so far makes it, and so
 * that a failure leaves a prefix, whose length is the answer.
 */
#include <fcntl.h>

#include "bounce.h"
#include "cached.h"
#include "overlap.h"
#include "sector.h"
#include "sys.h"
#include "write.h"

/* A write of a range on its way. */
struct writing {
	const struct request *rq;
	struct descriptor *d;
	struct cursor from;   /* the next byte, in the program's memory */
	uint64_t pos;         /* the next byte, in the file */
	uint64_t end;
	uint64_t cached_from; /* the first byte that went through the page cache; UINT64_MAX: none */
	bool stopped;         /* a call has moved less than it was asked for */
	bool limited;         /* `end` takes RLIMIT_FSIZE into account */
	bool cached_only;     /* direct I/O is not to be had for what is left */
};

/* What a call has moved, of how much. One that moves less has met what ends the request. */
static long moved(struct writing *w, long ret, size_t len)
{
	w->stopped = ret >= 0 && (size_t)ret < len;
	return ret;
}

/*
 * Direct I/O from the program's own memory; if all of it is good, because XFS does not write the last
 * block before a bad page, although it counts it (Linux 6.18).
 */
static long write_own(struct writing *w, size_t len)
{
	struct iovec piece;

	if (usermem_readable_prefix(&w->from, len) < len)
		return -EFAULT;
	cursor_pieces(&w->from, len, &piece, 1);
	return moved(w, request_issue_at(w->rq, &piece, 1, w->pos), len);
}

/* Through the page cache, from the program's own memory, as far as that is good (readable()). */
static long write_cached(struct writing *w, size_t len)
{
	const struct request *rq = w->rq;
	size_t good = write_readable(&w->from, w->d, w->pos, len);
	struct iovec pieces[16];
	struct request at;
	size_t now;
	long ret;

	if (!good)
		return -EFAULT;
	if (good == request_length(rq))
		at = request_at(rq, rq->iov, rq->count, w->pos);
	else
		at = request_at(rq, pieces, cursor_pieces(&w->from, good, pieces, 16), w->pos);
	now = request_length(&at);
	ret = moved(w, cached_issue(&at), now == good ? len : now);
	if (ret <= 0)
		return ret;
	if (w->cached_from == UINT64_MAX)
		w->cached_from = w->pos;
	/* More to come: then the device has this to do meanwhile. */
	if (w->pos + ret < w->end && !w->d->block_device && !write_synchronous(rq, w->d))
		cached_sync_start(rq->fd, w->pos, w->pos + ret);
	return ret;
}

/* Direct I/O from a bounce buffer: as much of `len` as fits. */
static long write_bounce(struct writing *w, size_t len)
{
	struct cursor from = w->from;
	struct bounce b = { 0 };
	size_t good;
	long ret = -EFAULT;

	if (!bounce_get(&b, len))
		return -ENOMEM;
	if (len > b.size)
		len = b.size;
	good = usermem_gather(&from, b.addr, len);
	if (good == len)
		ret = moved(w, request_issue_at(w->rq, &(struct iovec){ b.addr, len }, 1, w->pos), len);
	bounce_put(&b);
	return ret;
}

/*
 * A partial sector of a device that cannot be read, and so not rewritten, but by the kernel. At least
 * it is on the device again before another of our threads may come near its page.
 */
static long write_unreadable(struct writing *w, size_t len)
{
	bool locked = sector_lock(w->d, w->pos);
	long ret = write_cached(w, len);
	long err = ret > 0 ? cached_sync(w->rq->fd, w->pos, w->pos + ret) : 0;

	if (locked)
		sector_unlock(w->d, w->pos);
	return err ? err : ret;
}

static long write_edge(struct writing *w, size_t len)
{
	if (!w->d->block_device)
		return write_cached(w, len);
	if ((w->d->flags & O_ACCMODE) == O_WRONLY)
		return write_unreadable(w, len);
	return sector_write(w->rq, w->d, &w->from, w->pos, len);
}

/* Copying the next piece while the last is on its way. 0: not to be had. */
static long write_overlapped(struct writing *w, size_t len)
{
	struct cursor from = w->from;
	struct overlap o;

	len &= ~(size_t)(w->d->geo.block - 1);
	if (!overlap_pays(len) || !overlap_possible(w->rq, w->d, w->pos, len) ||
	    !overlap_begin(&o, w->rq->fd, w->pos, len))
		return 0;
	overlap_write(&o, &from, w->pos + len);
	return (long)(overlap_end(&o) - w->pos);
}

static long write_copied(struct writing *w, size_t len)
{
	long ret = write_overlapped(w, len);

	return ret ? ret : write_bounce(w, len);
}

static long write_step(struct writing *w, struct step step)
{
	switch (step.how) {
	case HOW_OWN:
		return write_own(w, step.len);
	case HOW_BOUNCE:
		return write_copied(w, step.len);
	default:
		return write_edge(w, step.len);
	}
}

/*
 * The file size limit ends a request that begins below it: were it not known here, the parts would
 * be cut where direct I/O cannot be, and a part beyond it would raise SIGXFSZ where the kernel only
 * returns a short count. A request that begins beyond it is the kernel's to answer.
 */
static void limit_end(struct writing *w)
{
	uint64_t limit = write_size_limit(w->d);

	w->limited = true;
	if (w->pos < limit && limit < w->end)
		w->end = limit;
}

/*
 * The kernel reads the block around an edge before it changes it, and waits for that. Ask for both
 * ends now, and the second read runs beside the first, and beside the direct write between them.
 */
static void fetch_edges(const struct writing *w)
{
	const struct geometry *g = &w->d->geo;
	uint64_t block = g->block;
	const uint64_t edges[] = { w->pos, w->end };

	if (w->d->block_device)
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
static long write_around(struct writing *w)
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

/* Is it all one call, in which the kernel minds the limit itself? */
static bool one_call(struct step step, size_t len)
{
	return step.len == len && (step.how != HOW_BOUNCE || len <= BOUNCE_SMALL);
}

/*
 * Refused (a write of nothing is a refusal too), or no memory, or not the program's to read. The
 * limit may be the reason, or a larger alignment may do; if not, the page cache takes whatever an
 * ordinary descriptor takes, and says what that one would say.
 */
static void choose_otherwise(struct writing *w, long ret)
{
	if (ret == -EINVAL && !w->limited)
		limit_end(w);
	else if (ret != -EINVAL || !descriptor_guess_more(w->d))
		w->cached_only = true;
}

/* One step on. Returns the bytes moved, or a negative errno; 0: try again, differently. */
static long write_on(struct writing *w)
{
	size_t len = w->end - w->pos;
	struct step step;
	long ret;

	if (w->cached_only)
		return write_cached(w, len);
	step = plan_write(&w->d->geo, w->pos, len, cursor_address(&w->from));
	if (!w->limited && !one_call(step, len)) {
		limit_end(w);
		fetch_edges(w);
		ret = write_around(w);
		return write_otherwise(ret) ? 0 : ret;
	}
	ret = write_step(w, step);
	if (ret && !write_otherwise(ret))
		return ret;
	w->stopped = false;
	choose_otherwise(w, ret);
	return 0;
}

/* Bring the partial blocks to the device. Returns where the data that is certainly there ends. */
static uint64_t settle(struct writing *w, long *err)
{
	if (w->cached_from == UINT64_MAX || write_synchronous(w->rq, w->d))
		return w->pos;
	*err = cached_sync(w->rq->fd, w->cached_from, w->pos);
	return *err ? w->cached_from : w->pos;
}

/* A block device ends where it ends. The kernel has the word on what begins beyond (ENOSPC). */
static size_t within_device(const struct descriptor *d, int64_t pos, size_t len)
{
	if (!d->block_device || pos < 0 || (uint64_t)pos >= d->size)
		return len;
	return len < d->size - pos ? len : d->size - pos;
}

long write_range(const struct request *rq, struct descriptor *d, uint64_t start, size_t len)
{
	struct writing w = {
		.rq = rq,
		.d = d,
		.from = cursor_at_start(rq->iov, rq->count),
		.pos = start,
		.end = start + within_device(d, start, len),
		.cached_from = UINT64_MAX,
		.cached_only = d->block_device && start >= d->size,
	};
	long ret = 0;
	long sync_err = 0;
	uint64_t sound;

	while (w.pos < w.end && !w.stopped) {
		ret = write_on(&w);
		if (ret < 0)
			break;
		w.pos += ret;
		cursor_advance(&w.from, ret);
	}
	sound = settle(&w, &sync_err);
	if (sound > start)
		return (long)(sound - start);
	return sync_err ? sync_err : ret;
}
