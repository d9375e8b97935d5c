/*
 * How a write is moved. See move.h.
 */
#include "move.h"

#include "cached.h"
#include "offset.h"
#include "sys.h"
#include "tally.h"
#include "write.h"

/* At the description's offset, in one call of the kernel's. -EINVAL if it takes more than one. */
static long write_at_once(const struct request *rq, const struct descriptor *d, int64_t pos, size_t len)
{
	if (plan_misaligned(&d->geo, pos, len, 0))
		return -EINVAL;
	if (!plan_misaligned(&d->geo, pos, len, request_addresses(rq)))
		return request_issue(rq);
	return write_bounced(rq, len);
}

/* Further than an offset can go, beyond the end of a device, or no offset to be had (seccomp). */
static long write_too_far(const struct request *rq)
{
	long ret = cached_issue(rq);
	long err = ret > 0 ? cached_sync(rq->fd, 0, 0) : 0; /* all of the file: where it was is not known */

	if (err)
		offset_give_back(rq->fd, ret);
	return err ? err : ret;
}

static long write_at_offset(const struct request *rq, struct descriptor *d, size_t len)
{
	int64_t start = offset_now(rq->fd);
	long ret;

	if (start < 0)
		return write_too_far(rq);
	/* The kernel refuses that, direct or not. */
	if (start > INT64_MAX - (int64_t)len)
		return request_issue(rq);
	tally_at(rq->tally, start);
	ret = write_at_once(rq, d, start, len);
	/* A write of nothing is a refusal too: XFS says that of bad memory, where EFAULT is meant. */
	if (ret && !write_otherwise(ret))
		return ret;
	/* Of a device no more than is left. */
	if (d->block_device && (uint64_t)start < d->size && len > d->size - start)
		len = d->size - start;
	start = offset_take(rq->fd, len);
	if (start < 0)
		return write_too_far(rq);
	tally_at(rq->tally, start);
	ret = write_range(rq, d, start, len);
	offset_give_back(rq->fd, len - (ret > 0 ? ret : 0));
	return ret;
}

long move_write(const struct request *rq, struct descriptor *d)
{
	size_t len = request_length(rq);

	if (write_appends(rq, d))
		return write_append(rq, d, len);
	if (!rq->positional)
		return write_at_offset(rq, d, len);
	return write_range(rq, d, rq->pos, len);
}
