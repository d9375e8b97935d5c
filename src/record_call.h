/*
 * Puts calls into the record files (record.h). Used only while something is recorded; nothing here
 * waits, allocates or changes errno.
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

/* Counts a call that the kernel has answered with `ret` and that the shim does not change. */
void record_answered(int fd, enum record_direction direction, ssize_t ret);

/*
 * Corrects the count of a call that was counted as untouched, but met a window, in which O_DIRECT
 * was off: its `ret` bytes may have gone through the page cache before they were brought to the
 * device.
 */
void record_met_window(int fd, enum record_direction direction, ssize_t ret);

/* Counts an io_uring that was set up. */
void record_io_uring(void);

/* Counts a process that has liburing. */
void record_liburing(void);

/* Starts the record of a call that is to be rescued: attaches the tally to it. */
void record_begin(struct request *rq, struct tally *t);

/*
 * Record what is found on the way; they do nothing if there is no tally. record_looked(): the
 * descriptor of an understood request was looked at. record_moved(): it was direct, and the request
 * has been moved. record_retried(): the same call was answered the second time, because the
 * description was not direct at that moment.
 */
void record_looked(const struct request *rq, const struct descriptor *d);
void record_moved(const struct request *rq, const struct descriptor *d);
void record_retried(const struct request *rq);

/*
 * Ends the record of a rescued call. `answer` is what the program gets: the count, or a negative
 * errno. `refusal` is the errno with which the kernel had refused it; 0: the kernel was not asked;
 * -1: it wrote nothing.
 */
void record_rescued(const struct request *rq, int refusal, long answer);

/* Puts the call into the ring of the trace; `file`: as in struct record_call (record_ring.c). */
void record_ring(struct record *rec, uint32_t file, const struct request *rq, int refusal,
		 long answer);

#endif
