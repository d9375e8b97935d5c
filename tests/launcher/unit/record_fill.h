/* Fills records as processes would, for tests of the code that reads them. */
#ifndef DIOSHIM_TESTS_RECORD_FILL_H
#define DIOSHIM_TESTS_RECORD_FILL_H

#include "record.h"

/* Makes a complete entry for a file on device 8:1 at `index`, with both alignments `align`. */
struct record_file *fill_file(struct record *rec, unsigned index, uint64_t inode, const char *path,
			      uint32_t align);

/* Adds `calls` calls with a total of `bytes` bytes to the counts of one way. */
void fill_ways(struct record_counts *c, enum record_way way, uint64_t calls, uint64_t bytes);

/* Puts the next call into the ring, and sets its ticket. Returns its slot. */
struct record_call *fill_call(struct record *rec, const struct record_call *call);

/* Returns pwrite64(3, 0x7f00a1, 1000, 4096) = 1000 on file 0, at 2020-01-02 12:00:01.123456 UTC. */
struct record_call fill_example(void);

#endif
