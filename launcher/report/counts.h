/* The counts of a record file, copied out of it: plain numbers. */
#ifndef DIOSHIM_LAUNCHER_COUNTS_H
#define DIOSHIM_LAUNCHER_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct tail {
	uint64_t bytes, calls;
};

/* struct record_counts without the atomics; see there for the fields. */
struct counts {
	uint64_t calls[RECORD_WAYS];
	uint64_t bytes[RECORD_WAYS];
	uint64_t copied, copy_ns, buffered;
	uint64_t misaligned[RECORD_MISALIGNED];
	uint64_t not_direct;
	uint64_t no_tail, other_tails;
	struct tail tail[RECORD_TAILS]; /* the most frequent first; unused ones last */
};

struct counted_file {
	uint64_t device, inode;
	bool block_device;
	uint32_t mem_align, offset_align; /* 0: unknown */
	uint64_t refused;		  /* how often O_DIRECT was refused; 0: never */
	char path[RECORD_PATH];		  /* "": unknown */
	struct counts counts[RECORD_DIRECTIONS];
};

struct counted {
	size_t files;
	struct counted_file *file;   /* with calls, or refused; the most bytes first */
	struct counted_file other;   /* all files for which the record had no room, together */
	uint64_t others;	     /* how many those are, with calls or refused, */
	bool others_at_least;	     /* or a number that there are more of */
	uint64_t lost;		     /* calls on them */
	uint64_t io_urings;	     /* that were seen to be set up */
	uint64_t liburings;	     /* processes that had liburing loaded when they started */
	bool no_io_uring;	     /* nothing can set one up: --no-io-uring */
	uint64_t opened, not_opened; /* with O_DIRECT; the latter because of it */
};

/* Copies the counts. Returns 0, or ENOMEM. Free `c` with counted_free(). */
int counted_take(const struct record *rec, struct counted *c);
void counted_free(struct counted *c);

/*
 * Adds `from` to `to`, both of one file and direction. Adds up tails of the same length; those for
 * which there is no room are added to other_tails.
 */
void counts_add(struct counts *to, const struct counts *from);

/* Returns the sum over all files and directions, with tail[] empty. */
struct counts counted_total(const struct counted *c);

/* The same, without a copy of the counts of each file. */
struct counts counts_of_record(const struct record *rec);

/* Returns the sum over both directions of a file. */
struct counts counts_of_file(const struct counted_file *f);

uint64_t counts_calls(const struct counts *c);
uint64_t counts_bytes(const struct counts *c);

/* Returns how many bytes were neither copied nor moved through the page cache. */
uint64_t counts_direct(const struct counts *c);

/*
 * What a call that used the page cache took longer, an estimate for sorting: 64 KiB with two edges took 375 us, aligned
 * 143 us (doc/design.md). The time of copies is measured instead. Refused calls always cost more than slow ones.
 */
#define PARTIAL_NS UINT64_C(200000)
#define REFUSED_NS (UINT64_C(1) << 61)

/* Returns what misalignment cost, in nanoseconds, for sorting. */
uint64_t counts_cost(const struct counts *c);

#endif
