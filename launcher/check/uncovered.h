/* Ways to transfer data that the shim does not cover, and the functions by whose import they are recognised. */
#ifndef DIOSHIM_UNCOVERED_H
#define DIOSHIM_UNCOVERED_H

/* Bits of a set. */
enum uncovered {
	UNCOVERED_IO_URING = 1,
};

/* Returns the way that a function is a part of; 0 for all others. */
unsigned uncovered_way(const char *function);

/* Both of one way: its name, and what to do, a clause. */
const char *uncovered_name(enum uncovered way);
const char *uncovered_advice(enum uncovered way);

#endif
