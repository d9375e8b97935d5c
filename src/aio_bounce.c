/* A write that stays asynchronous, from bounce memory. See aio_bounce.h. */
#include "aio_bounce.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "aio_plan.h"
#include "aio_pool.h"
#include "claims.h"
#include "descriptor.h"
#include "hint.h"
#include "record_call.h"
#include "recording.h"
#include "sys.h"
#include "usermem.h"
#include "write.h"

/*
 * Returns whether the kernel's result for this write, from other memory, is what an ordinary descriptor gives. What
 * makes a file longer, or meets a limit, takes more than one step; the kernel would not be asynchronous there either.
 */
static bool suits(const struct request *rq, const struct iocb *asked, struct descriptor *d)
{
	uint64_t end;

	if (!aio_async_shape(asked, request_length(rq)))
		return false;
	if (!descriptor_look(rq->fd, true, d) || !d->known)
		return false;
	if (!(d->flags & O_DIRECT) || (d->flags & O_ACCMODE) == O_RDONLY || request_appends(rq, d))
		return false;
	hint_learn(rq->fd, d->align.mem, d->align.offset);
	end = (uint64_t)rq->pos + request_length(rq);
	return d->align.mem <= AIO_POOL_UNIT &&
	       !plan_misaligned(&d->align, (uint64_t)rq->pos, request_length(rq), 0) &&
	       end <= d->size && end <= write_size_limit(d);
}

/* Copies the data, all of which was checked. Should that fail nevertheless, `claims` has the piece. */
static bool copy(const struct request *rq, const struct aio_piece *piece, struct cursor *from,
		 kernel_sigset signals)
{
	struct claims outer;
	size_t len = request_length(rq);
	bool all;

	claims_begin(&outer, signals);
	claims.piece = piece->name;
	all = usermem_gather(from, piece->addr, len) == len;
	claims_end(&outer);
	return all;
}

/* Makes the descriptor that tells when the memory is free. */
static bool watch(struct aio_bounce *b, uint32_t piece)
{
	b->eventfd = (int)sys(SYS_eventfd2, 0, EFD_CLOEXEC);
	if (b->eventfd < 0)
		return false;
	if (aio_pool_put_when_signalled(piece, b->eventfd))
		return true;
	sys(SYS_close, b->eventfd);
	return false;
}

/* Nobody else will. */
static void signal_now(int eventfd)
{
	const uint64_t one = 1;

	sys(SYS_write, eventfd, &one, sizeof(one));
	sys(SYS_close, eventfd);
}

static void describe(struct aio_bounce *b, const struct iocb *asked, const void *addr)
{
	struct iocb *is = &b->change.is;

	*is = *asked;
	is->aio_lio_opcode = IOCB_CMD_PWRITE;
	is->aio_buf = (uintptr_t)addr;
	is->aio_nbytes = request_length(&b->rq);
	is->aio_flags |= IOCB_FLAG_RESFD;
	is->aio_resfd = (uint32_t)b->eventfd;
}

/* With signals blocked. */
static bool begin(struct aio_bounce *b, struct iocb *cb, const struct iocb *asked)
{
	struct cursor from;
	struct descriptor d;
	struct aio_piece piece;
	size_t len;

	if (!request_understood(&b->rq) || !suits(&b->rq, asked, &d))
		return false;
	record_looked(&b->rq, &d);
	record_moved(&b->rq, &d);
	from = request_cursor(&b->rq);
	len = request_length(&b->rq);
	/* Before anything is taken: to touch memory may mean to wait. */
	if (usermem_check(&from, len, USERMEM_READ) < len || !aio_change_possible(cb) ||
	    !aio_pool_get(&piece, len))
		return false;
	if (!copy(&b->rq, &piece, &from, b->signals) || !watch(b, piece.name)) {
		aio_pool_put(piece.name);
		return false;
	}
	describe(b, asked, piece.addr);
	if (aio_change_begin(&b->change, cb))
		return true;
	signal_now(b->eventfd);
	return false;
}

bool aio_bounce_begin(struct aio_bounce *b, struct iocb *cb, const struct iocb *asked)
{
	b->rq = aio_request(asked, &b->one);
	/* More than its address is misaligned. */
	if (!b->rq.write || hint_refuses(b->rq.fd, 0, request_length(&b->rq), (uint64_t)b->rq.pos))
		return false;
	b->signals = sigmask_block();
	if (unlikely(recording.any))
		record_begin(&b->rq, &b->tally);
	if (begin(b, cb, asked))
		return true;
	sigmask_restore(b->signals);
	return false;
}

void aio_bounce_end(struct aio_bounce *b, long ret)
{
	if (ret == 1)
		sys(SYS_close, b->eventfd);
	else
		signal_now(b->eventfd);
	if (unlikely(b->rq.tally) && ret == 1) {
		tally_moved(b->rq.tally, 1);
		record_rescued(&b->rq, 0, (long)request_length(&b->rq));
	}
	sigmask_restore(b->signals);
}
