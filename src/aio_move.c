/* A misaligned transfer, made at submission. See aio_move.h. */
#include "aio_move.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "aio_change.h"
#include "aio_event.h"
#include "aio_plan.h"
#include "description.h"
#include "buffered.h"
#include "descriptor.h"
#include "move.h"
#include "range.h"
#include "rescue.h"
#include "sys.h"
#include "tally.h"

struct transfer {
	struct request rq;
	struct iovec one;
	aio_context_t ctx;
	struct iocb *cb;
	long submitted;
};

static long submit(void *transfer)
{
	struct transfer *t = transfer;

	return sys(SYS_io_submit, t->ctx, 1L, &t->cb);
}

/*
 * Submits the iocb as it is with O_DIRECT off. The kernel then answers as for an ordinary descriptor, with its own event,
 * before it returns from io_submit(2).
 */
static void submit_buffered(struct transfer *t)
{
	t->submitted = buffered_call(&t->rq, submit, t);
	if (t->submitted > 0)
		tally_moved(t->rq.tally, t->submitted);
}

/*
 * Writes at the end of the file: one buffered write in any case that is not aligned (write_append.c). The kernel's own
 * submission decides whether there is room for the event before anything is appended; otherwise a program that is
 * told EAGAIN would append twice.
 */
static long append(struct transfer *t, const struct descriptor *d)
{
	size_t len = request_length(&t->rq);
	struct descriptor after = *d;
	int range;
	long err;

	range = range_take(description_file_of(d->file), d->size, UINT64_MAX);
	submit_buffered(t);
	range_end(range);
	descriptor_look_size(t->rq.fd, &after);
	if (t->submitted < 0 || after.size <= d->size)
		return t->submitted < 0 ? t->submitted : 0;
	err = request_synchronous(&t->rq, d) ? 0 : buffered_sync(t->rq.fd, d->size, after.size);
	tally_buffered(t->rq.tally, (long)len);
	return err ? err : (long)len;
}

/*
 * Nothing could be moved. No event can be made with any error; so the kernel is asked again, for the answer of an
 * ordinary descriptor. Not where that might leave a dirty page on a block device, which has no inode lock: there the
 * error is that of io_submit(2).
 */
static void answer_error(struct transfer *t, const struct descriptor *d, long err)
{
	if (err == -EFAULT) {
		t->submitted = aio_event_fault(t->ctx, t->cb);
		return;
	}
	if (t->rq.write && d->block_device && err != -ENOSPC) {
		t->submitted = err;
		return;
	}
	submit_buffered(t);
	if (t->rq.write && t->submitted > 0)
		buffered_sync(t->rq.fd, t->rq.pos, t->rq.pos + request_length(&t->rq));
}

/* If not, only what is before the bad memory is appended, which takes another call. */
static bool all_readable(const struct request *rq)
{
	size_t len = request_length(rq);
	struct cursor from = request_cursor(rq);

	return usermem_check(&from, len, USERMEM_READ) == len;
}

static long move(struct request *rq, struct descriptor *d)
{
	struct transfer *t = (struct transfer *)((char *)rq - offsetof(struct transfer, rq));
	long ret;

	if (request_appends(rq, d) && all_readable(rq))
		return append(t, d);
	ret = rq->write ? move_write(rq, d) : move_read(rq, d);
	if (ret < 0)
		answer_error(t, d, ret);
	else
		t->submitted = aio_event_count(t->ctx, t->cb, ret);
	return ret;
}

/*
 * Returns whether the kernel would refuse it at once for another reason, as far as that is cheap to see: then nothing
 * must be moved.
 */
static bool refused_anyway(aio_context_t ctx, const struct iocb *asked)
{
	if ((asked->aio_flags & IOCB_FLAG_RESFD) && sys(SYS_fcntl, asked->aio_resfd, F_GETFD) < 0)
		return true;
	return sys(SYS_io_submit, ctx, 0L, NULL) < 0; /* no such context */
}

bool aio_move(aio_context_t ctx, struct iocb *cb, const struct iocb *asked, long *submitted)
{
	struct transfer t = { .ctx = ctx, .cb = cb };
	ssize_t moved;

	if (!aio_event_possible() || !aio_change_possible(cb) || refused_anyway(ctx, asked))
		return false;
	t.rq = aio_request(asked, &t.one);
	t.rq.move = move;
	if (!rescue_request(&t.rq, &moved))
		return false;
	*submitted = t.submitted;
	return true;
}
