/*
 * Asynchronous direct writes of the program (io_submit(2)), and the buffered calls of the shim beside them.
 *
 * An asynchronous direct write does not hold the inode's lock while the device works. If a page over its bytes, or in one
 * folio with them, becomes dirty meanwhile, the kernel cannot drop that page from the cache when the write ends. It
 * reports EIO to everybody's next fsync(2) (dio_warn_stale_pagecache(), mm/filemap.c), and the page may be written
 * back over the new bytes. So a buffered write waits first until none is under way on its file, and submissions on
 * the file wait until it is done. A submission of several requests must not meet a window (window.h) either: the
 * first would be direct and the next buffered.
 *
 * Within the process this is a lock for each file, which submissions share. To processes that share memory with this
 * one the buffered call is announced like a window, under a key for the file. Submissions look for it before each
 * request, so that in a window there is at most one for each thread that began before it.
 *
 * Until both kinds of calls have been made, submissions only add to one count for all. The first buffered calls wait, for a
 * limited time, until it is 0; it stays too high for ever if a signal handler jumps out of a submission. The lock order
 * is: async, gate. Signals must be blocked, but for async_uncounted_begin().
 */
#ifndef DIOSHIM_ASYNC_H
#define DIOSHIM_ASYNC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "request.h"
#include "sys.h"
#include "window.h"

void async_first_write(void);

/* An asynchronous direct write is about to be submitted. The first ones wait for the buffered calls that are inside. */
static inline void async_write_begins(void)
{
	if (unlikely(!atomic_load_explicit(&window_memory->async_begun, memory_order_relaxed)))
		async_first_write();
}

static inline bool async_any(void)
{
	return atomic_load_explicit(&window_memory->async_writes, memory_order_relaxed);
}

/* Returns whether buffered calls have been made since there were such writes. Never false again. */
static inline bool async_counts(void)
{
	return atomic_load_explicit(&window_memory->async_and_edges, memory_order_relaxed);
}

/*
 * Called before and after a submission as long as async_counts() is false. The first returns false, and the
 * second must not be called, if it no longer is.
 */
static inline bool async_uncounted_begin(void)
{
	atomic_fetch_add(&window_memory->async_uncounted, 1);
	if (likely(!atomic_load(&window_memory->async_and_edges)))
		return true;
	atomic_fetch_sub(&window_memory->async_uncounted, 1);
	return false;
}

static inline void async_uncounted_end(void)
{
	atomic_fetch_sub(&window_memory->async_uncounted, 1);
}

/*
 * Called before and after a submission on a number. The first also waits, for a limited time, for a buffered call of
 * another process on the file. It returns what the second needs.
 */
int async_submit_begin(int fd);
void async_submit_end(int lock);

/* A buffered call that keeps submissions away. */
struct async_hold {
	int lock;     /* -1: there is nothing to keep away */
	bool unaware; /* it began when there had been no asynchronous write */
	struct window announced;
};

/*
 * Called before and after a buffered call. The first waits for the submissions that have begun. async_drain() is called
 * between them, before a write, and waits for what they have started.
 */
void async_hold_begin(struct async_hold *h, const struct request *rq);
void async_drain(const struct request *rq);
void async_hold_end(struct async_hold *h);

#endif
