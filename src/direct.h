/*
 * Direct I/O that the shim issues itself, while others share the description.
 *
 * All of these go through the gate of the request's description (rq->key), so that no other thread
 * has O_DIRECT off meanwhile. Where another process had it off, what was moved is brought to the
 * device, or dropped from the page cache, before the call returns.
 */
#ifndef DIOSHIM_DIRECT_H
#define DIOSHIM_DIRECT_H

#include "request.h"

/* Makes the call as it is. Returns the count, or a negative errno. */
long direct_issue(const struct request *rq);

/* Makes the same kind of call on one other piece of memory; the offset is the original's. */
long direct_issue_on(const struct request *rq, void *addr, size_t len);

/* Makes a positional call in the same direction, with the same flags, on other memory. */
long direct_issue_at(const struct request *rq, const struct iovec *iov, int count, uint64_t pos);

/*
 * Settles a call that may have gone through the page cache: brings what was written to the device,
 * or drops what was read from the page cache. `len` bytes at `pos`; the whole file if `pos` is
 * negative. Returns 0, or a negative errno if the data has not reached the device.
 */
long direct_settle(int fd, bool write, int64_t pos, uint64_t len);

#endif
