/* The steps of a write of a fixed range, among which write_range.c chooses. */
#ifndef DIOSHIM_WRITE_STEP_H
#define DIOSHIM_WRITE_STEP_H

#include "write.h"

/* A write of a range in progress. */
struct writing {
	const struct request *rq;
	struct descriptor *d;
	struct cursor from; /* the next byte, in the program's memory */
	uint64_t pos;	    /* the next byte, in the file */
	uint64_t end;
	/* The first byte that went through the page cache; UINT64_MAX: none. */
	uint64_t buffered_from;
	size_t tail; /* bytes from `end` on that have been written already */
	bool tail_tried;
	bool stopped;	    /* a call has moved less than requested */
	bool limited;	    /* `end` takes RLIMIT_FSIZE into account */
	bool copy;	    /* the program's own memory cannot be used for direct I/O */
	bool buffered_only; /* direct I/O cannot be used for the rest */
};

/*
 * Makes one step. Returns the bytes moved, or a negative errno. 0 and the errors of
 * write_otherwise() mean that this method was unavailable.
 */
long write_step(struct writing *w, struct step step);

/*
 * Writes through the page cache, from the program's own memory, as far as that is good
 * (write_readable()).
 */
long write_buffered(struct writing *w, size_t len);

/* Starts reading the blocks around the edges. */
void write_fetch_edges(const struct writing *w);

/*
 * Writes the edge at the end before the whole blocks in front of it, and lets the device work on
 * both at once. Only where the whole blocks need no space: whatever can fail for lack of it has to
 * be written in ascending order, so that what is written is what the answer says.
 */
void write_tail_first(struct writing *w);

#endif
