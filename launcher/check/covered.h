/*
 * The names that the shim stands in for, made from the one table of them. A set is a bit for each,
 * in the order of the table.
 */
#ifndef DIOSHIM_COVERED_H
#define DIOSHIM_COVERED_H

#include <stdint.h>

extern const char *const covered_names[];
extern const unsigned covered_count;

/* The set that holds `name`, or the empty one. */
uint64_t covered_bit(const char *name);

/* Those of a set that move data: without one, a program opens and closes files and no more. */
uint64_t covered_transfers(uint64_t set);

#endif
