/*
 * Whole blocks on their way to the device while the thread does something else: copies the next piece,
 * or writes the partial blocks at the edges.
 *
 * For overwrites only: within the file as it is, so that it does not matter which piece arrives first.
 * What is done in this way is an attempt. Where a piece fails, or is refused, the count ends before
 * it, and the caller goes on from there by synchronous calls, whose answer counts.
 */
#ifndef DIOSHIM_OVERLAP_H
#define DIOSHIM_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bounce.h"
#include "descriptor.h"
#include "request.h"
#include "ring.h"
#include "usermem.h"

struct overlap {
	struct ring *ring;
	struct bounce bounce;      /* a part of it for each piece that is under way */
	int fd;
	size_t piece;              /* bytes */
	uint64_t next;             /* where the next piece begins in the file */
	uint64_t bad;              /* the first byte that is not certainly there; UINT64_MAX: none */
	unsigned under_way;        /* how many */
	struct tally *tally;       /* of the request; null: none */
	bool waited;               /* one has been written synchronously, after it was refused */
	struct {
		uint64_t pos;
		uint32_t len;
		bool under_way;
	} part[RING_DEPTH];
};

/* May the `len` bytes at `pos`, whole blocks that are to be written by direct I/O, set out like that? */
bool overlap_possible(const struct request *rq, const struct descriptor *d, uint64_t pos, size_t len);

/* Is there more than one piece in them, so that copying and writing can overlap? */
bool overlap_pays(size_t len);

/* Prepare for `len` bytes from `pos` on. False where there is no ring or no bounce buffer. */
bool overlap_begin(struct overlap *o, int fd, uint64_t pos, size_t len);

/* Copy up to `end`, piece by piece, and let each set out. Stops where one has failed. */
void overlap_write(struct overlap *o, struct cursor *from, uint64_t end);

/* Has a piece failed? */
static inline bool overlap_stopped(const struct overlap *o)
{
	return o->bad != UINT64_MAX;
}

/* Wait for all. Returns where the data that is certainly there ends. */
uint64_t overlap_end(struct overlap *o);

#endif
