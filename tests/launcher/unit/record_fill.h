/* Filling records by hand, as processes would, for the tests of what reads them. */
#ifndef DIOSHIM_TESTS_RECORD_FILL_H
#define DIOSHIM_TESTS_RECORD_FILL_H

#include "record.h"

/* A file in place `index`, complete. Device 8:1. */
struct record_file *fill_file(struct record *rec, unsigned index, uint64_t inode, const char *path,
			      uint32_t align);

/* `calls` calls with `bytes` bytes in all that went one way. */
void fill_ways(struct record_counts *c, enum record_way way, uint64_t calls, uint64_t bytes);

/* The next call of the ring; the ticket is set here. Returns its slot. */
struct record_call *fill_call(struct record *rec, const struct record_call *call);

/* pwrite64(3, 0x7f00a1, 1000, 4096) = 1000 on file 0, at 2020-01-02 12:00:01.123456 UTC. */
struct record_call fill_example(void);

#endif
