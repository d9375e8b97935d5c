/*
 * Calls through the page cache, on an O_DIRECT descriptor.
 *
 * F_SETFL takes O_DIRECT off the open file description for the duration of one call. Unlike a
 * second description opened through /proc/self/fd, this needs no descriptor, no /proc and no
 * permission, and closes nothing (close(2) drops a process's fcntl locks on the file). Others who
 * share the description are kept out meanwhile, or told about it (gate.h, window.h).
 */
#ifndef DIOSHIM_BUFFERED_H
#define DIOSHIM_BUFFERED_H

#include <stdint.h>

#include "request.h"

/*
 * Makes the call with O_DIRECT off. Returns the count, or a negative errno: the one that an
 * ordinary descriptor gives. The caller must have seen the descriptor in direct mode.
 */
long buffered_issue(const struct request *rq);

/*
 * Makes another system call that writes or reads what the request asks for, once, with O_DIRECT off. Returns its answer.
 */
long buffered_call(const struct request *rq, long (*call)(void *arg), void *arg);

/*
 * Sets O_DIRECT again on a description whose window (window.h) was left open by a process that was
 * killed. Does nothing if there is no such window.
 */
void buffered_repair(int fd, uint32_t key);

/*
 * Brings what was written from `start` up to `end` to the device, as O_DIRECT would have; the whole
 * file if both are 0. Returns 0, or a negative errno.
 */
long buffered_sync(int fd, uint64_t start, uint64_t end);

/* Starts that without waiting for it. The buffered_sync() that follows reports a failure. */
void buffered_sync_start(int fd, uint64_t start, uint64_t end);

#endif
