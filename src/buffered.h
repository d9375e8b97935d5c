/*
 * Calls through the page cache, on a descriptor that is O_DIRECT.
 *
 * F_SETFL takes O_DIRECT off the open file description for the length of one call. Compared with a
 * second description through /proc/self/fd, this needs no descriptor, no /proc and no permission, and
 * closes nothing (close(2) drops a process's fcntl locks on the file). Others who share the description
 * are kept from it meanwhile, or told about it (gate.h, window.h).
 */
#ifndef DIOSHIM_BUFFERED_H
#define DIOSHIM_BUFFERED_H

#include <stdint.h>

#include "request.h"

/* Make the call with O_DIRECT off. Returns the count, or a negative errno: the one an ordinary
 * descriptor gives. The descriptor must have been seen in direct mode. */
long buffered_issue(const struct request *rq);

/*
 * Sets O_DIRECT again on a description whose window (window.h) was left open by a process that was
 * killed. Does nothing where there is none.
 */
void buffered_repair(int fd, uint32_t key);

/* Bring what was written from `start` up to `end` to the device, as O_DIRECT would have. 0, or a
 * negative errno. */
long buffered_sync(int fd, uint64_t start, uint64_t end);

/* Begin with that, and wait for nothing. A failure is told by the buffered_sync() that follows. */
void buffered_sync_start(int fd, uint64_t start, uint64_t end);

#endif
