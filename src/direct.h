/*
 * Direct I/O on the shim's own account, beside others who share the description.
 *
 * All of these go through the gate of the request's description (rq->key), so that no other thread has
 * O_DIRECT off meanwhile. Where another process had it off, what was moved is brought to the device, or
 * out of the page cache, before the call returns.
 */
#ifndef DIOSHIM_DIRECT_H
#define DIOSHIM_DIRECT_H

#include "request.h"

/* Makes the call as it stands. Returns the count, or a negative errno. */
long direct_issue(const struct request *rq);

/* The same kind of call, on one other piece of memory; the offset rules are the original's. */
long direct_issue_on(const struct request *rq, void *addr, size_t len);

/* A positional call in the same direction, with the same flags, on other memory. */
long direct_issue_at(const struct request *rq, const struct iovec *iov, int count, uint64_t pos);

/*
 * Brings what a call has moved, which may have gone through the page cache, where direct I/O would have
 * left it: `len` bytes at `pos`; all of the file if `pos` is negative. 0, or a negative errno, which
 * tells that the data has not reached the device.
 */
long direct_settle(int fd, bool write, int64_t pos, uint64_t len);

#endif
