/*
 * What must be copied, and what must go through the page cache: the part that decides.
 *
 * Pure functions of numbers: they do no I/O and keep no state. All quantities are bytes. Alignments
 * are powers of two; positions are file offsets from 0 to 2^63 - 1, and pos + len never exceeds
 * that.
 */
#ifndef DIOSHIM_PLAN_H
#define DIOSHIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The most that one call moves: MAX_RW_COUNT in include/linux/fs.h, INT_MAX rounded down to a page.
 */
#define PLAN_MAX_RW(page) ((size_t)INT32_MAX & ~((size_t)(page)-1))

/* What direct I/O requires on one file, see statx(2), STATX_DIOALIGN. */
struct dio_align {
	uint32_t mem;	 /* of the address of a buffer; at least 1 */
	uint32_t offset; /* of file offset and length; at least 1 */
	uint32_t block;	 /* what a direct write must not share with a buffered one; >= offset */
};

/* How a part of a request is moved. */
enum how {
	HOW_DIRECT, /* direct I/O on the caller's own memory */
	HOW_BOUNCE, /* direct I/O on a bounce buffer, and a copy */
	HOW_EDGE,   /* one or two partial blocks: only these bytes, never a neighbour's */
};

struct step {
	enum how how;
	size_t len;
};

/*
 * Returns whether the kernel would refuse direct I/O of `len` bytes at `pos`. `addr` is the OR of
 * all addresses.
 */
bool plan_misaligned(const struct dio_align *g, uint64_t pos, size_t len, uintptr_t addr);

/*
 * Returns the first step of writing `len` (> 0) bytes from `addr` at `pos` (addr 0: scattered
 * memory, so whole blocks bounce). The next step is planned anew from where this one ended, so a
 * short write, a lower limit or a learned alignment needs no special case. Steps come in ascending
 * order; a HOW_EDGE contains no whole block, and two edges that meet are one step.
 */
struct step plan_write(const struct dio_align *g, uint64_t pos, size_t len, uintptr_t addr);

/*
 * Stores how many bytes at the start and at the end of a write of `len` (> 0) bytes at `pos` are
 * edges, if there are whole blocks between them; otherwise 0 and 0.
 */
void plan_edges(const struct dio_align *g, uint64_t pos, size_t len, size_t *head, size_t *tail);

/*
 * A direct read that encloses the wanted bytes, as three pieces that follow one another in the file
 * from `start` on: `head` bytes into a bounce buffer, `own` bytes straight into the caller's
 * memory, `tail` bytes into a bounce buffer. The first wanted byte is at `skip` in it. head, own
 * and tail are multiples of g->offset.
 */
struct read_plan {
	uint64_t start;
	size_t skip;
	size_t head;
	size_t own;
	size_t tail;
};

/*
 * Plans a read of up to `len` (> 0) bytes at `pos` into the memory at `addr` (0: scattered,
 * everything bounces), with `room` bytes of bounce buffer, at least 2 * g->offset and a multiple of
 * it. If the room is too small for all of it, the plan covers the front part, up to a multiple of
 * g->offset.
 */
struct read_plan plan_read(const struct dio_align *g, uint64_t pos, size_t len, uintptr_t addr,
			   size_t room);

/* Returns how many wanted bytes a read of `got` bytes from p->start has brought. */
size_t plan_read_useful(const struct read_plan *p, size_t got, size_t len);

#endif
