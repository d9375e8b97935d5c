/* The functions that the shim covers, from symbols.h. A set of them has one bit for each. */
#ifndef DIOSHIM_COVERED_H
#define DIOSHIM_COVERED_H

#include <stdint.h>

extern const char *const covered_names[];
extern const unsigned covered_count;

/* Returns the set of `name` alone; 0 if the shim does not cover it. */
uint64_t covered_bit(const char *name);

/* Returns the members of a set that transfer data: the reads and writes. */
uint64_t covered_transfers(uint64_t set);

#endif
