/*
 * Asynchronous direct writes of the program (io_submit(2)), and the buffered writes of the shim beside them.
 *
 * An asynchronous direct write does not hold the inode's lock while the device works. If a page over, or in
 * one folio with, its bytes becomes dirty meanwhile, the kernel cannot drop that page from the cache when the
 * write ends. It reports EIO to everybody's next fsync(2) (dio_warn_stale_pagecache(), mm/filemap.c), and the page
 * may be written back over the new bytes. So a buffered write waits first for all that are under way on its file.
 */
#ifndef DIOSHIM_ASYNC_H
#define DIOSHIM_ASYNC_H

#include <stdatomic.h>
#include <stdbool.h>

#include "request.h"

/* Whether this process has submitted such a write. Never false again. */
extern atomic_bool async_writes;

static inline void async_write_begins(void)
{
	if (!atomic_load_explicit(&async_writes, memory_order_relaxed))
		atomic_store(&async_writes, true);
}

/* The wait itself; see async_writes_wait(). */
void async_writes_drain(const struct request *rq);

/*
 * Called before a buffered write, in its window, so that none is submitted on the description after the wait.
 * Costs nothing in a process that has never submitted one.
 */
static inline void async_writes_wait(const struct request *rq)
{
	if (rq->write && atomic_load_explicit(&async_writes, memory_order_relaxed))
		async_writes_drain(rq);
}

#endif
