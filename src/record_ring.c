/* The ring of the calls that the shim changed. See record_call.h. */
#include "record_call.h"

#include "sys.h"

/*
 * Marks a slot that is being written. A process that is killed meanwhile leaves the mark for ever;
 * that slot's calls are lost then, one in RECORD_CALLS.
 */
#define BEING_WRITTEN UINT64_MAX

static int64_t wall_clock(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static uint32_t since(int64_t started)
{
	int64_t ns = tally_clock() - started;

	return ns < 0 ? 0 : ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

/* Fills in all but the ticket. */
static void fill_slot(struct record_call *call, const struct request *rq, const struct tally *t)
{
	call->time_ns = wall_clock();
	call->pid = (int32_t)sys(SYS_getpid);
	call->tid = (int32_t)sys(SYS_gettid);
	call->nr = (int32_t)rq->nr;
	call->fd = rq->fd;
	call->iovcnt = rq->vectored ? rq->count : 0;
	call->addr = rq->vectored ? (uintptr_t)rq->iov : (uintptr_t)rq->iov->iov_base;
	call->len = t->len;
	call->pos = t->pos;
	call->copied = t->copied;
	call->buffered = t->buffered;
	call->duration_ns = since(t->started);
	call->misaligned = t->misaligned;
	call->done = t->done;
	call->positional = rq->positional;
	call->rwf = rq->flags;
}

/* Fails if others have come round the ring while we slept: then the slot is theirs. */
static bool claim_slot(struct record_call *call, uint64_t ticket)
{
	uint64_t was = atomic_load(&call->ticket);

	return was < ticket && atomic_compare_exchange_strong(&call->ticket, &was, BEING_WRITTEN);
}

void record_ring(struct record *rec, uint32_t file, const struct request *rq, int refusal,
		 long answer)
{
	uint64_t ticket = atomic_fetch_add(&rec->calls, 1) + 1;
	struct record_call *call = &rec->call[(ticket - 1) % RECORD_CALLS];

	if (!claim_slot(call, ticket))
		return;
	fill_slot(call, rq, rq->tally);
	call->file = file;
	call->ret = answer;
	call->refusal = (uint16_t)refusal;
	atomic_store_explicit(&call->ticket, ticket, memory_order_release);
}
