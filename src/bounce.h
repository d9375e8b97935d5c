/*
 * Bounce buffers: aligned memory for direct I/O, shared by all threads of a process.
 *
 * A thread holds at most one at a time, with signals blocked, and does nothing but I/O while it
 * holds it, so every wait for one ends. A process has at most DIOSHIM_BOUNCE_MAX bytes of them (16
 * MiB by default), mapped on first use.
 */
#ifndef DIOSHIM_BOUNCE_H
#define DIOSHIM_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	BOUNCE_SMALL = 64 << 10, /* bytes; also the minimum */
	BOUNCE_LARGE = 2 << 20,	 /* bytes; a huge page on x86-64 and most arm64 */
};

struct bounce {
	char *addr;  /* aligned to BOUNCE_SMALL or more */
	size_t size; /* bytes: BOUNCE_SMALL or BOUNCE_LARGE */
	int slot;
};

/*
 * Takes a buffer of `want` bytes or more if there is one, otherwise a smaller one. Waits while all
 * are in use. Returns false if no memory is available.
 */
bool bounce_get(struct bounce *b, size_t want);

/* Gives it back. Does nothing if it was never taken (all zero). */
void bounce_put(struct bounce *b);

/*
 * Takes a large buffer for good, without waiting. `kept` is how many were taken in this way before. Returns false if
 * none is free now, or if two fifths of them have been taken.
 */
bool bounce_keep(struct bounce *b, int kept);

/*
 * Sets the limit in bytes, BOUNCE_MAX_LEAST to BOUNCE_MAX_MOST (settings.h). Rounded down to what
 * the layout can use. Only before the first use.
 */
void bounce_set_max(size_t bytes);

#endif
