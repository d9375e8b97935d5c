/*
 * Calls, as the record files keep them (record.h). Only while something is recorded; nothing here
 * waits, allocates, or changes errno.
 */
#ifndef DIOSHIM_RECORD_CALL_H
#define DIOSHIM_RECORD_CALL_H

#include <sys/types.h>

#include "descriptor.h"
#include "record.h"
#include "request.h"
#include "tally.h"

static inline enum record_direction record_direction(const struct request *rq)
{
	return rq->write ? RECORD_WRITE : RECORD_READ;
}

/* A call that the kernel has answered with `ret`, and the shim has nothing to do with. */
void record_answered(int fd, enum record_direction direction, ssize_t ret);

/*
 * A call that was counted as untouched has met a window, in which O_DIRECT was off, and was brought to the
 * device afterwards: `ret` bytes may have gone through the page cache.
 */
void record_met_window(int fd, enum record_direction direction, ssize_t ret);

/* A call comes in to be rescued: hang the tally from it. */
void record_begin(struct request *rq, struct tally *t);

/*
 * What is found on the way; nothing happens if there is no tally. The descriptor of an understood
 * request was looked at; it was direct, and the request has been moved; the same call again was
 * answered, since the description was not direct for a moment.
 */
void record_looked(const struct request *rq, const struct descriptor *d);
void record_moved(const struct request *rq, const struct descriptor *d);
void record_retried(const struct request *rq);

/*
 * The rescue is over, and `answer` what the program gets: the count, or a negative errno. `refusal` is
 * the errno with which the kernel had refused it; 0: it was not asked; -1: it wrote nothing.
 */
void record_rescued(const struct request *rq, int refusal, long answer);

/* Its place in the ring of the trace; `file`: as in struct record_call (record_ring.c). */
void record_ring(struct record *rec, uint32_t file, const struct request *rq, int refusal, long answer);

#endif
