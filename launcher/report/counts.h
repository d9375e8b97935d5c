/*
 * What a record file has counted, copied out of it: plain numbers, one entry for each file, though
 * the record may have several.
 */
#ifndef DIOSHIM_LAUNCHER_COUNTS_H
#define DIOSHIM_LAUNCHER_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct tail {
	uint64_t bytes, calls;
};

/* struct record_counts without what makes it shared; what the fields mean stands there. */
struct counts {
	uint64_t calls[RECORD_WAYS];
	uint64_t bytes[RECORD_WAYS];
	uint64_t copied, copy_ns, buffered;
	uint64_t misaligned[RECORD_MISALIGNED];
	uint64_t no_tail, other_tails;
	struct tail tail[RECORD_TAILS]; /* the most frequent first; then those without calls */
};

struct counted_file {
	uint64_t device, inode;
	bool block_device;
	uint32_t mem_align, offset_align; /* 0: not known */
	char path[RECORD_PATH];        /* "": not known */
	struct counts counts[RECORD_DIRECTIONS];
};

struct counted {
	size_t files;
	struct counted_file *file; /* those with any calls; the most bytes first */
	uint64_t lost;             /* calls on files for which there was no place */
};

/* 0, or ENOMEM. */
int counted_take(const struct record *rec, struct counted *c);
void counted_free(struct counted *c);

/* Add what was counted on one file in one direction to another such; tails find their places. */
void counts_add(struct counts *to, const struct counts *from);

/* All of it, but for the tails. */
struct counts counted_total(const struct counted *c);

uint64_t counts_calls(const struct counts *c);
uint64_t counts_bytes(const struct counts *c);

/* Calls and bytes of all files, by way. */
void counts_ways(const struct record *rec, uint64_t calls[RECORD_WAYS],
		 uint64_t bytes[RECORD_WAYS]);

#endif
