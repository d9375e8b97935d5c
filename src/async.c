/* Asynchronous direct writes of the program. See async.h. */
#include "async.h"

#include <fcntl.h>

#include "description.h"
#include "descriptor.h"
#include "offset.h"
#include "process.h"
#include "rwf.h"
#include "sys64.h"

/* In a lock, above the submissions inside: a buffered call is inside, or waits for them. */
#define BUFFERED (UINT32_C(1) << 31)

enum {
	/* For a submission whose memory another thread of the program has to supply (userfaultfd(2)). */
	PATIENCE = 2, /* seconds */

	ROUND_NS = 1000000,
};

/* Several files may share a lock. */
static int lock_of(int fd)
{
	return (int)(description_file(fd) % ASYNC_LOCKS);
}

/* Unlike the keys that window_new_key() gives to descriptions, and those that description.c makes of files. */
static uint32_t key_of(int fd)
{
	return (description_file(fd) * UINT32_C(0x9e3779b1)) | UINT32_C(1) << 31;
}

int async_submit_begin(int fd)
{
	struct process *p = process();
	int n = lock_of(fd);
	uint32_t key = key_of(fd);
	_Atomic uint32_t *lock;
	uint32_t was;

	if (!p)
		return -1;
	lock = &p->async_lock[n].word;
	was = atomic_load(lock);
	while ((was & BUFFERED) || !atomic_compare_exchange_strong(lock, &was, was + 1)) {
		if (was & BUFFERED)
			process_wait(lock, was);
		was = atomic_load(lock);
	}
	if (window_count(window_now(key)) && window_is_open(key))
		window_wait(key);
	return n;
}

void async_submit_end(int lock)
{
	_Atomic uint32_t *word;

	if (lock < 0)
		return;
	word = &process()->async_lock[lock].word;
	if (atomic_fetch_sub(word, 1) == BUFFERED + 1)
		process_wake(word, INT32_MAX);
}

static void lock_buffered(_Atomic uint32_t *lock)
{
	uint32_t was = atomic_load(lock);

	while ((was & BUFFERED) || !atomic_compare_exchange_strong(lock, &was, was | BUFFERED)) {
		if (was & BUFFERED)
			process_wait(lock, was);
		was = atomic_load(lock);
	}
	while ((was = atomic_load(lock)) != BUFFERED)
		if (!process_wait_bounded(lock, was, PATIENCE))
			return;
}

/* Waits until there are none, for a limited time: a killed process may have left some behind. */
static void wait_for_none(_Atomic uint32_t *count)
{
	enum { ROUNDS = 2000 };

	for (int i = 0; i < ROUNDS && atomic_load(count); i++)
		process_wait_shared(count, atomic_load(count), ROUND_NS);
}

/* Waits for the submissions that are not counted by file. */
static void wait_for_uncounted(void)
{
	wait_for_none(&window_memory->async_uncounted);
	atomic_store(&window_memory->async_waited, true);
}

/* Several threads may be here at once; all of them wait. */
void async_first_write(void)
{
	atomic_store(&window_memory->async_writes, true);
	wait_for_none(&window_memory->async_unaware);
	atomic_store(&window_memory->async_begun, true);
}

/* Returns whether there has been no asynchronous write, and the first will wait for this call. */
static bool hold_unaware(void)
{
	if (async_any())
		return false;
	atomic_fetch_add(&window_memory->async_unaware, 1);
	if (likely(!atomic_load(&window_memory->async_writes)))
		return true;
	atomic_fetch_sub(&window_memory->async_unaware, 1);
	return false;
}

void async_hold_begin(struct async_hold *h, const struct request *rq)
{
	struct process *p;

	h->lock = -1;
	h->unaware = hold_unaware();
	if (likely(h->unaware))
		return;
	p = process();
	if (!p)
		return;
	if (!async_counts())
		atomic_store(&window_memory->async_and_edges, true);
	if (!atomic_load_explicit(&window_memory->async_waited, memory_order_relaxed))
		wait_for_uncounted();
	h->lock = lock_of(rq->fd);
	lock_buffered(&p->async_lock[h->lock].word);
	window_open(&h->announced, key_of(rq->fd));
}

void async_hold_end(struct async_hold *h)
{
	_Atomic uint32_t *lock;

	if (likely(h->unaware))
		atomic_fetch_sub(&window_memory->async_unaware, 1);
	if (likely(h->lock < 0))
		return;
	window_close(&h->announced);
	lock = &process()->async_lock[h->lock].word;
	atomic_fetch_and(lock, ~(uint32_t)BUFFERED);
	process_wake(lock, INT32_MAX);
}

static bool appends(const struct request *rq)
{
	long flags = sys(SYS_fcntl, rq->fd, F_GETFL);

	if (rq->flags & KERNEL_RWF_NOAPPEND)
		return false;
	return (rq->flags & KERNEL_RWF_APPEND) || (flags > 0 && (flags & O_APPEND));
}

/* Returns where the write will begin. Others may move the end of the file meanwhile. */
static int64_t place_of(const struct request *rq)
{
	struct descriptor d = { 0 };

	if (appends(rq)) {
		descriptor_look_size(rq->fd, &d);
		return (int64_t)d.size;
	}
	return rq->positional ? rq->pos : offset_now(rq->fd);
}

/*
 * fallocate(2) waits, with the inode's lock, until no direct I/O is under way on the file: inode_dio_wait(), in ext4
 * and XFS for every mode. It is asked for the block in which the write begins, which the write allocates
 * anyway, and not to change the size. Its answer does not matter: the write gives its own.
 *
 * Twice, because submissions of other processes that began before the announcement may wait for that lock, too, and
 * get it first.
 */
void async_drain(const struct request *rq)
{
	int64_t pos;

	if (!rq->write)
		return;
	pos = place_of(rq);
	for (int i = 0; i < 2 && pos >= 0; i++)
		sys_fallocate(rq->fd, FALLOC_FL_KEEP_SIZE, pos, 1);
}
