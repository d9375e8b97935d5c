/* How the data of a write is moved. See move.h. */
#include "move.h"

#include "buffered.h"
#include "description.h"
#include "direct.h"
#include "offset.h"
#include "range.h"
#include "sys.h"
#include "tally.h"
#include "turn.h"
#include "write.h"

enum {
	/*
	 * Up to this size a write that makes the file longer is one buffered write: typically a
	 * record of a log, which nobody then finds half written, and faster than in steps
	 * (doc/performance.md).
	 */
	RECORD_MAX = 512 << 10,
};

/*
 * Writes at the description's offset, in one call of the kernel. Returns -EINVAL if it takes more
 * than one.
 */
static long write_at_once(const struct request *rq, const struct descriptor *d, int64_t pos,
			  size_t len)
{
	if (plan_misaligned(&d->align, pos, len, 0))
		return -EINVAL;
	/* Memory that cannot be pinned fails with EFAULT. */
	if (!plan_misaligned(&d->align, pos, len, request_addresses(rq))) {
		long ret = direct_issue(rq);

		if (ret != -EFAULT || rq->checked < len)
			return ret;
	}
	return write_bounced(rq, len);
}

/*
 * Makes one buffered write at the description's offset, which was `start` when the turn was taken.
 * If other processes may have moved it, all of the file is brought to the device.
 */
static long write_record(const struct request *rq, const struct descriptor *d, int64_t start,
			 size_t len)
{
	long ret = write_front_buffered(rq, d, start, len);
	int64_t now;
	long err;

	if (ret <= 0 || request_synchronous(rq, d))
		return ret;
	now = offset_now(rq->fd);
	err = now == start + ret ? buffered_sync(rq->fd, start, now) : buffered_sync(rq->fd, 0, 0);
	if (err)
		offset_return(rq->fd, start + ret, ret);
	return err ? err : ret;
}

static bool is_record(const struct descriptor *d, int64_t start, size_t len)
{
	return !d->block_device && (uint64_t)start + len > d->size && len <= RECORD_MAX &&
	       plan_misaligned(&d->align, start, len, 0);
}

/*
 * Writes where no range of the offset can be taken: further than an offset can go, beyond the end
 * of a device, or no offset is available (seccomp).
 */
static long write_too_far(const struct request *rq)
{
	long ret = buffered_issue(rq);
	/* The whole file: the place is unknown. */
	long err = ret > 0 ? buffered_sync(rq->fd, 0, 0) : 0;

	if (err)
		offset_return(rq->fd, offset_now(rq->fd), ret);
	return err ? err : ret;
}

/* Writes in several steps, on a range of the offset that is taken first. */
static long write_taken(const struct request *rq, struct descriptor *d, size_t len)
{
	int64_t start = offset_take(rq->fd, len);
	long ret;

	if (start < 0)
		return write_too_far(rq);
	tally_at(rq->tally, start);
	ret = write_range(rq, d, start, len);
	offset_return(rq->fd, start + (int64_t)len, len - (ret > 0 ? ret : 0));
	return ret;
}

/* Writes with the turn held. */
static long write_at_offset(const struct request *rq, struct descriptor *d, size_t len)
{
	int64_t start = offset_now(rq->fd);
	struct cursor from = request_cursor(rq);
	int range;
	long ret;

	if (start < 0)
		return write_too_far(rq);
	/* The kernel refuses that, direct or not. */
	if (start > INT64_MAX - (int64_t)len)
		return request_issue(rq);
	tally_at(rq->tally, start);
	range = range_take(description_file_of(d->file), start, start + len);
	ret = write_at_once(rq, d, start, len);
	if ((!ret || write_otherwise(ret)) && is_record(d, start, len))
		ret = write_record(rq, d, start, len);
	range_end(range);
	/*
	 * A write of 0 bytes is a refusal too: XFS returns that for bad memory, instead of EFAULT.
	 */
	if (ret && !write_otherwise(ret))
		return ret;
	/* No more than is left of a device, and no more than there is readable memory. */
	if (d->block_device && (uint64_t)start < d->size && len > d->size - start)
		len = d->size - start;
	len = write_readable(&from, d, start, len);
	return len ? write_taken(rq, d, len) : -EFAULT;
}

long move_write(struct request *rq, struct descriptor *d)
{
	size_t len = request_length(rq);
	struct cursor from = request_cursor(rq);
	struct gate *turn;
	long ret;

	/* Touch the memory before taking anything that others may wait for. */
	rq->checked = usermem_check(&from, len, USERMEM_READ);
	if (request_appends(rq, d))
		return write_append(rq, d, len);
	if (rq->positional)
		return write_range(rq, d, rq->pos, len);
	turn = turn_take(rq->key);
	ret = write_at_offset(rq, d, len);
	turn_end(turn);
	return ret;
}
