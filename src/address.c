/* Calls of which only the address is misaligned. See address.h. */
#include "address.h"

#include <errno.h>
#include <fcntl.h>

#include "bounce.h"
#include "description.h"
#include "direct.h"
#include "hint.h"
#include "offset.h"
#include "range.h"
#include "recording.h"
#include "sys.h"
#include "turn.h"
#include "usermem.h"

/* Far from where offsets end (write_range.c, move_write.c). */
#define POS_MOST (INT64_MAX / 2)

/* False where no alignment is known. */
static bool aligned_at(const struct request *rq, size_t len, int64_t pos)
{
	uint8_t hint = hint_get(rq->fd);

	return hint && hint != HINT_DIRECT && pos >= 0 && pos <= POS_MOST &&
	       !hint_refuses(rq->fd, 0, len, (uint64_t)pos);
}

static bool suits(const struct request *rq, size_t len)
{
	/* A record says more about a call than this path finds out. */
	if (rq->vectored || rq->flags || rq->move || rq->issue || rq->again || recording.any)
		return false;
	/* Appends take another range (write_append.c). */
	if (rq->write && description_appends(rq->fd))
		return false;
	return len && len <= BOUNCE_SMALL && description_file(rq->fd) &&
	       aligned_at(rq, len, rq->positional ? rq->pos : 0);
}

/*
 * Returns whether the number still refers to a direct descriptor. At an offset of its own a call
 * never waits for data, whatever it is made on. At the description's it may, on a pipe, say, and
 * must not hold anything meanwhile.
 */
static bool may_use_offset(const struct request *rq)
{
	long flags = sys(SYS_fcntl, rq->fd, F_GETFL);

	return flags >= 0 && (flags & O_DIRECT) && !(rq->write && (flags & O_APPEND));
}

/* Returns whether the kernel's answer says more than its errno (rescue.c, write.h). */
static bool in_doubt(const struct request *rq, long ret)
{
	if (rq->write)
		return !ret || ret == -EINVAL || ret == -EFAULT || ret == -ENOSPC || ret == -EDQUOT;
	return ret == -EINVAL || ret == -EFAULT || ret == -EIO;
}

/* Moves the bytes through a buffer of at least `len` bytes. */
static long move_through(const struct request *rq, struct cursor *own, char *buffer, size_t len)
{
	long ret;

	if (rq->write)
		usermem_gather(own, buffer, len);
	ret = direct_issue_on(rq, buffer, len);
	if (ret > 0 && !rq->write)
		usermem_scatter(own, buffer, (size_t)ret);
	return ret;
}

/* With its range taken, as other writes of the shim have (range.h). */
static long move_bounced(const struct request *rq, struct cursor *own, int64_t pos, size_t len)
{
	struct bounce b = { 0 };
	int range = RANGE_NONE;
	long ret = -EINVAL;

	if (rq->write)
		range = range_take(description_file(rq->fd), pos, pos + len);
	if (bounce_get(&b, len))
		ret = move_through(rq, own, b.addr, len);
	bounce_put(&b);
	range_end(range);
	return ret;
}

static long move_at_offset(const struct request *rq, struct cursor *own, size_t len)
{
	struct gate *turn = turn_take(rq->key);
	int64_t pos = offset_now(rq->fd);
	long ret = -EINVAL;

	if (aligned_at(rq, len, pos))
		ret = move_bounced(rq, own, pos, len);
	turn_end(turn);
	return ret;
}

bool address_call(struct request *rq, long *answer)
{
	size_t len = request_length(rq);
	struct cursor own = request_cursor(rq);
	long ret;

	if (!suits(rq, len) || (!rq->positional && !may_use_offset(rq)))
		return false;
	rq->key = description_key(rq->fd);
	/* The memory before anything is taken that others may wait for. */
	if (!rq->key || usermem_check(&own, len, rq->write ? USERMEM_READ : USERMEM_WRITE) < len)
		return false;
	ret = rq->positional ? move_bounced(rq, &own, rq->pos, len) : move_at_offset(rq, &own, len);
	if (in_doubt(rq, ret))
		return false;
	*answer = ret;
	return true;
}
