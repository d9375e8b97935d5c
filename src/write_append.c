/* Writes in one piece, such as those at the end of the file. See write.h. */
#include "bounce.h"
#include "buffered.h"
#include "description.h"
#include "direct.h"
#include "offset.h"
#include "range.h"
#include "write.h"

long write_bounced(const struct request *rq, size_t len)
{
	struct cursor from = request_cursor(rq);
	struct bounce b = { 0 };
	long ret = -ENOMEM;

	if (!bounce_get(&b, len))
		return -ENOMEM;
	if (b.size >= len) {
		ret = -EFAULT;
		if (usermem_gather(&from, b.addr, len) == len)
			ret = direct_issue_on(rq, b.addr, len);
	}
	bounce_put(&b);
	return ret;
}

/* Issues the first `len` bytes of a request in the same call, whatever pieces they are in. */
static long issue_front(const struct request *rq, size_t len)
{
	struct cursor from = request_cursor(rq);
	struct iovec pieces[REQUEST_PIECES];
	struct request front = request_part(rq, &from, len, pieces);
	struct bounce b = { 0 };
	long ret;

	/*
	 * Too many pieces: copy them into one. Without memory for that, the call includes the bad
	 * ones.
	 */
	if (request_length(&front) < len) {
		front = *rq;
		if (bounce_get(&b, len) && b.size >= len &&
		    usermem_gather(&from, b.addr, len) == len) {
			pieces[0] = (struct iovec){ b.addr, len };
			front.iov = pieces;
			front.count = 1;
		}
	}
	ret = buffered_issue(&front);
	bounce_put(&b);
	return ret;
}

long write_front_buffered(const struct request *rq, const struct descriptor *d, uint64_t pos,
			  size_t len)
{
	struct cursor from = request_cursor(rq);
	size_t good = write_readable(&from, d, pos, len);

	return good ? issue_front(rq, good) : -EFAULT;
}

/*
 * Writes one piece at the end of the file, wherever that is by then (promise P6): direct if all of
 * it is aligned, otherwise one buffered write.
 */
static long append_piece(const struct request *rq, const struct descriptor *d, size_t len)
{
	long ret;

	if (!plan_misaligned(&d->align, d->size, len, 0)) {
		ret = write_bounced(rq, len);
		if (!write_otherwise(ret))
			return ret;
	}
	return write_front_buffered(rq, d, d->size, len);
}

long write_append(const struct request *rq, const struct descriptor *d, size_t len)
{
	struct descriptor after;
	/*
	 * Wherever the end is by then, whole writes beyond the present end come before or after
	 * this one.
	 */
	int range = range_take(description_file_of(d->file), d->size, UINT64_MAX);
	long ret = append_piece(rq, d, len);
	uint64_t start;
	long err;

	range_end(range);
	if (ret <= 0 || request_synchronous(rq, d) || !descriptor_look(rq->fd, true, &after))
		return ret;
	/* Others append too; what we wrote lies between the two sizes. */
	start = after.size > d->size + ret ? d->size : after.size - ret;
	err = buffered_sync(rq->fd, start, after.size);
	if (err && !rq->positional)
		offset_return(rq->fd, offset_now(rq->fd), ret);
	return err ? err : ret;
}
