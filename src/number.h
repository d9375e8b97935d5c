/*
 * Descriptor numbers: a call keeps the file that it began with.
 *
 * Each system call of the shim looks the descriptor number up again. If another thread closed the
 * number in the middle of a call and opened a file that got it, the rest of the call would go
 * there. So the calls in progress on each number are counted, and close(2), dup2(2) and their
 * variants wait for them.
 *
 * All waits are bounded: a thread may end a number whose call only that thread can complete, such
 * as a FUSE server in the same process.
 */
#ifndef DIOSHIM_NUMBER_H
#define DIOSHIM_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "hint.h"
#include "sigmask.h"

/* Called before and after a call of several steps on `fd`, with signals blocked. */
void number_enter(int fd);
void number_leave(int fd);

/* Numbers that are about to be closed or replaced, from `first` to `last`. */
struct number_ending {
	unsigned first, last;
	uint32_t key; /* only numbers of this description; 0: all */
	uint32_t owner;
	bool marked;
	struct sigmask signals;
};

/* Returns whether a call is in progress on it, or its end is announced. */
bool number_busy(int fd);

/*
 * Returns whether the end of this number must be announced. Not if it was never seen to be direct.
 */
static inline bool number_watched(int fd)
{
	return hint_get(fd) || number_busy(fd);
}

/*
 * Called before and after the system call that closes the numbers or makes them refer to something
 * else. The first waits for the calls in progress and keeps new ones out. In between, signals are
 * blocked and cancellation is disabled. `closed`: what the numbers referred to is forgotten, unless
 * they have been given out again meanwhile. (Not earlier: until the system call they still refer to
 * it.)
 */
void number_end_begin(struct number_ending *e, unsigned first, unsigned last);
void number_end_finish(struct number_ending *e, bool closed);

/* The same before a change of a description, for all its numbers, which do not end. */
void number_pause_begin(struct number_ending *e, uint32_t key);

/*
 * To be called when the kernel has given out this number. If its end is still announced, that end
 * has happened. Then returns true, and no call enters before number_end_finish(), so that the
 * caller can record what the number refers to now.
 */
bool number_take_over(int fd, struct number_ending *e);

#endif
