/*
 * The steps of a write of a fixed range: what write_range.c chooses among and goes through.
 */
#ifndef DIOSHIM_WRITE_STEP_H
#define DIOSHIM_WRITE_STEP_H

#include "write.h"

/* A write of a range on its way. */
struct writing {
	const struct request *rq;
	struct descriptor *d;
	struct cursor from;   /* the next byte, in the program's memory */
	uint64_t pos;         /* the next byte, in the file */
	uint64_t end;
	uint64_t cached_from; /* the first byte that went through the page cache; UINT64_MAX: none */
	bool stopped;         /* a call has moved less than it was asked for */
	bool limited;         /* `end` takes RLIMIT_FSIZE into account */
	bool copy;            /* the program's own memory cannot be used for direct I/O */
	bool buffered_only;     /* direct I/O cannot be used for what is left */
};

/*
 * One step (write_step.c). Returns the bytes moved, or a negative errno; 0, and what write_otherwise()
 * names: this way was not open.
 */
long write_step(struct writing *w, struct step step);

/* Through the page cache, from the program's own memory, as far as that is good (write_readable()). */
long write_buffered(struct writing *w, size_t len);

/* The blocks around the edges will be needed. */
void write_fetch_edges(const struct writing *w);

#endif
