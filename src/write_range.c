/*
 * A write of a fixed range, in as many calls as it takes. See write.h.
 *
 * In ascending order, so that a file is never longer than the data written so far makes it, and so
 * that a failure leaves a prefix, whose length is the answer.
 */
#include "bounce.h"
#include "buffered.h"
#include "description.h"
#include "range.h"
#include "tally.h"
#include "write_edges.h"
#include "write_step.h"

/*
 * Cuts a request that begins below the file size limit at the limit. Otherwise the kernel would
 * cut a part where direct I/O cannot end, and a part beyond the limit would raise SIGXFSZ where the
 * kernel only returns a short count. A request that begins beyond the limit is left to the kernel.
 */
static void limit_end(struct writing *w)
{
	uint64_t limit = write_size_limit(w->d);

	w->limited = true;
	if (w->pos < limit && limit < w->end)
		w->end = limit;
}

/* Returns whether it is all one call, in which the kernel applies the limit itself. */
static bool one_call(struct step step, size_t len)
{
	return step.len == len && (step.how != HOW_BOUNCE || len <= BOUNCE_SMALL);
}

/* Returns whether the step consists of two partial blocks. */
static bool edges_meet(const struct writing *w, struct step step)
{
	uint32_t block = w->d->align.block;

	return step.how == HOW_EDGE && step.len > block - (w->pos & (block - 1));
}

static bool buffered_step(const struct writing *w, struct step step)
{
	return step.how == HOW_EDGE && !w->d->block_device;
}

/*
 * Chooses what to do after an error of write_otherwise(), or a write of 0 bytes, which is a refusal
 * too. The limit may be the reason, or a larger alignment may help; if not, the page cache accepts
 * whatever an ordinary descriptor accepts, and returns the same errors.
 */
static void choose_otherwise(struct writing *w, long ret)
{
	if (ret == -EINVAL && !w->limited)
		limit_end(w);
	else if (ret != -EINVAL || !descriptor_guess_more(w->d))
		w->buffered_only = true;
	if (ret == -EINVAL && w->buffered_only)
		tally_refused(w->rq->tally, w->d->known);
}

/* Makes one step. Returns the bytes moved, or a negative errno; 0: try again, differently. */
static long write_on(struct writing *w)
{
	size_t len = w->end - w->pos;
	struct step step;
	long ret;

	if (w->buffered_only)
		return write_buffered(w, len);
	step = plan_write(&w->d->align, w->pos, len, w->copy ? 0 : cursor_address(&w->from));
	if (!w->limited && !one_call(step, len)) {
		limit_end(w);
		write_fetch_edges(w);
		write_edges_begin(w);
		return 0;
	}
	if (edges_meet(w, step))
		write_fetch_edges(w);
	ret = write_step(w, step);
	/* The EINVAL of a buffered call is final: it has been retried often enough (buffered.c). */
	if (ret && (!write_otherwise(ret) || (ret == -EINVAL && buffered_step(w, step))))
		return ret;
	w->stopped = false;
	/* The memory is good, but cannot be pinned for direct I/O. */
	if (ret == -EFAULT && step.how == HOW_DIRECT && w->from.checked >= step.len)
		w->copy = true;
	else
		choose_otherwise(w, ret);
	return 0;
}

/* Brings the partial blocks to the device. Returns where the data that is certainly there ends. */
static uint64_t settle(struct writing *w, long *err)
{
	if (w->buffered_from >= w->pos || request_synchronous(w->rq, w->d))
		return w->pos;
	*err = buffered_sync(w->rq->fd, w->buffered_from, w->pos);
	return *err ? w->buffered_from : w->pos;
}

/*
 * Cuts a write at the end of a block device. What begins beyond it is left to the kernel (ENOSPC).
 */
static size_t within_device(const struct descriptor *d, int64_t pos, size_t len)
{
	if (!d->block_device || pos < 0 || (uint64_t)pos >= d->size)
		return len;
	return len < d->size - pos ? len : d->size - pos;
}

/*
 * Returns whether a write reaches the last block below 2^63. There a direct write reports success,
 * but the file does not get longer (XFS, Linux 6.18). The program's own aligned writes are left as
 * they are, but the shim makes none there.
 */
static bool reaches_last_block(const struct descriptor *d, uint64_t end)
{
	return !d->block_device && end > (uint64_t)INT64_MAX - d->align.block;
}

long write_range(const struct request *rq, struct descriptor *d, uint64_t start, size_t len)
{
	struct writing w = {
		.rq = rq,
		.d = d,
		.from = request_cursor(rq),
		.pos = start,
		.end = start + within_device(d, start, len),
		.buffered_from = UINT64_MAX,
		.buffered_only = (d->block_device && start >= d->size) ||
				 reaches_last_block(d, start + len),
	};
	long ret = 0;
	long sync_err = 0;
	uint64_t sound;
	int range;

	range = range_take(description_file_of(d->file), start, start + len);
	while (w.pos < w.end && !w.stopped) {
		ret = write_on(&w);
		if (ret < 0)
			break;
		w.pos += ret;
		cursor_advance(&w.from, ret);
	}
	ret = write_edges_end(&w, ret);
	range_end(range);
	sound = settle(&w, &sync_err);
	if (sound > start)
		return (long)(sound - start);
	return sync_err ? sync_err : ret;
}
