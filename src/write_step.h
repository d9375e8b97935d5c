/* The steps of a write of a fixed range, among which write_range.c chooses. */
#ifndef DIOSHIM_WRITE_STEP_H
#define DIOSHIM_WRITE_STEP_H

#include "write.h"

/* The edges of an overwrite, if they are written apart from its whole blocks (write_edges.h). */
struct edges {
	uint64_t start, end; /* of all of the write */
	size_t head, tail;   /* bytes; 0: there is no such edge */
	struct cursor from;  /* the first byte, in the program's memory */
	bool apart;
	bool put_off;		   /* until the whole blocks are written */
	long head_done, tail_done; /* bytes written, or a negative errno */
};

/* A write of a range in progress. */
struct writing {
	const struct request *rq;
	struct descriptor *d;
	struct cursor from; /* the next byte, in the program's memory */
	uint64_t pos;	    /* the next byte, in the file */
	uint64_t end;
	/* The first byte that went through the page cache; UINT64_MAX: none. */
	uint64_t buffered_from;
	bool stopped;	    /* a call has moved less than requested */
	bool limited;	    /* `end` takes RLIMIT_FSIZE into account */
	bool copy;	    /* the program's own memory cannot be used for direct I/O */
	bool buffered_only; /* direct I/O cannot be used for the rest */
	struct edges edges;
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

#endif
