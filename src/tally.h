/*
 * What was done for one call, collected while it is done, for the record (record_call.h).
 *
 * A tally lives on the stack of the call; its request and its cursors point to it. Without
 * DIOSHIM_STATS and DIOSHIM_TRACE there is none, and the pointer is null. All of these functions
 * except tally_copied() accept that.
 */
#ifndef DIOSHIM_TALLY_H
#define DIOSHIM_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "record.h"
#include "sys.h"

struct tally {
	int64_t started; /* tally_clock() */
	int64_t pos;	 /* where it began, bytes from the start of the file; -1: unknown */
	uint64_t len;	 /* bytes requested */
	uint64_t addrs;	 /* the OR of all addresses */
	uint64_t lens;	 /* and, if there are several, of their lengths; otherwise 0 */
	uint64_t copied; /* bytes between the program's memory and bounce buffers */
	uint64_t copy_ns;
	uint64_t buffered;   /* bytes through the page cache */
	uint32_t mem, off;   /* alignments, bytes; 0: not looked at */
	uint16_t done;	     /* enum record_done */
	uint16_t misaligned; /* enum record_misaligned */
	uint16_t moves;	     /* system calls that have moved data */
	bool direct;	     /* O_DIRECT was seen, or was off only for another thread's call */
	bool known;	     /* the kernel has reported the alignments */
	bool confirmed;	     /* or a direct call was accepted at those that were guessed */
	bool append;	     /* the kernel chose the offset */
};

/* Returns nanoseconds, CLOCK_MONOTONIC. No system call where there is a vDSO. */
static inline int64_t tally_clock(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline void tally_done(struct tally *t, enum record_done done)
{
	if (unlikely(t))
		t->done |= done;
}

/*
 * The kernel has refused direct I/O with EINVAL at all alignments that were tried. If it has not reported any, the file
 * system refuses direct I/O, whatever the alignment.
 */
static inline void tally_refused(struct tally *t, bool known)
{
	if (unlikely(t) && !known)
		t->done |= DONE_NOT_DIRECT;
}

/* Counts a system call that was to move data and has returned `ret`. */
static inline void tally_moved(struct tally *t, long ret)
{
	if (unlikely(t) && ret > 0 && t->moves < UINT16_MAX)
		t->moves++;
}

/* A direct call has returned `ret`. */
static inline void tally_direct(struct tally *t, long ret)
{
	if (unlikely(t) && ret > 0)
		t->confirmed = true;
}

/* Counts the bytes of one that went through the page cache. */
static inline void tally_buffered(struct tally *t, long ret)
{
	if (unlikely(t) && ret > 0) {
		t->buffered += (uint64_t)ret;
		t->done |= DONE_BUFFERED;
	}
}

/* Counts `len` bytes that were copied since `began` (tally_clock()). */
static inline void tally_copied(struct tally *t, uint64_t len, int64_t began)
{
	t->copied += len;
	t->copy_ns += (uint64_t)(tally_clock() - began);
	if (len)
		t->done |= DONE_BOUNCED;
}

/* Stores where a call at the description's offset turned out to begin. */
static inline void tally_at(struct tally *t, int64_t pos)
{
	if (unlikely(t))
		t->pos = pos;
}

#endif
