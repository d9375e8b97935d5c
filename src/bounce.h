/*
 * Bounce buffers: aligned memory that direct I/O takes, shared by all threads of a process.
 *
 * A thread holds at most one at a time, with signals blocked, and does nothing but I/O while it
 * holds it: so waiting for one always ends. At most DIOSHIM_BOUNCE_MAX bytes a process (16 MiB if
 * not set), mapped at the first need.
 */
#ifndef DIOSHIM_BOUNCE_H
#define DIOSHIM_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	BOUNCE_SMALL = 64 << 10, /* bytes; also the least of any */
	BOUNCE_LARGE = 2 << 20,  /* bytes; a huge page on x86-64 and most arm64 */
};

struct bounce {
	char *addr;  /* aligned to BOUNCE_SMALL or more */
	size_t size; /* bytes: BOUNCE_SMALL or BOUNCE_LARGE */
	int slot;
};

/* Take one; as large as `want` if there is such, else smaller. False if no memory can be had. */
bool bounce_get(struct bounce *b, size_t want);

/* Give it back. One that was never taken (all zero) is nothing to give back. */
void bounce_put(struct bounce *b);

/* The bound in bytes, BOUNCE_MAX_LEAST to BOUNCE_MAX_MOST (settings.h); rounded down to what the layout can use. Before the first use only. */
void bounce_set_max(size_t bytes);

#endif
