/*
 * The table of system calls that move data between a program's memory and a file.
 *
 * X(call, takes): SYS_<call>, whose name is "<call>", and what it takes (enum below). How a request
 * is issued and issued again (request.c), what is recorded and traced, and the tests' lists are
 * derived from it.
 */
#ifndef DIOSHIM_TRANSFERS_H
#define DIOSHIM_TRANSFERS_H

#include <stddef.h>
#include <sys/syscall.h>

enum {
	TRANSFER_WRITE = 1,  /* it writes to the file; otherwise it reads */
	TRANSFER_OFFSET = 2, /* it takes an offset; otherwise it moves the description's */
	TRANSFER_VECTOR = 4, /* it takes an iovec array; otherwise one buffer and its length */
	TRANSFER_FLAGS = 8,  /* it takes RWF_ flags, and an offset of -1 means the description's */
};

#define DIOSHIM_TRANSFERS(X) \
	X(read, 0) \
	X(write, TRANSFER_WRITE) \
	X(pread64, TRANSFER_OFFSET) \
	X(pwrite64, TRANSFER_OFFSET | TRANSFER_WRITE) \
	X(readv, TRANSFER_VECTOR) \
	X(writev, TRANSFER_VECTOR | TRANSFER_WRITE) \
	X(preadv, TRANSFER_VECTOR | TRANSFER_OFFSET) \
	X(pwritev, TRANSFER_VECTOR | TRANSFER_OFFSET | TRANSFER_WRITE) \
	X(preadv2, TRANSFER_VECTOR | TRANSFER_OFFSET | TRANSFER_FLAGS) \
	X(pwritev2, TRANSFER_VECTOR | TRANSFER_OFFSET | TRANSFER_FLAGS | TRANSFER_WRITE)

/* Returns SYS_<call> of the call that takes exactly this; -1 if there is none. */
static inline long transfer_that_takes(unsigned takes)
{
#define TRANSFER_CASE(call, what) \
	case (what): \
		return SYS_##call;
	switch (takes) {
		DIOSHIM_TRANSFERS(TRANSFER_CASE)
	default:
		return -1;
	}
#undef TRANSFER_CASE
}

/* Returns what the call with this number takes; -1 if it is not in the table. */
static inline int transfer_takes(long nr)
{
#define TRANSFER_CASE(call, what) \
	case SYS_##call: \
		return (what);
	switch (nr) {
		DIOSHIM_TRANSFERS(TRANSFER_CASE)
	default:
		return -1;
	}
#undef TRANSFER_CASE
}

/* Returns a name such as "pread64"; NULL if the number is not in the table. */
static inline const char *transfer_name(long nr)
{
#define TRANSFER_CASE(call, what) \
	case SYS_##call: \
		return #call;
	switch (nr) {
		DIOSHIM_TRANSFERS(TRANSFER_CASE)
	default:
		return NULL;
	}
#undef TRANSFER_CASE
}

#endif
