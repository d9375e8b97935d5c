/*
 * Descriptor numbers: a call keeps the file that it began with.
 *
 * Each system call of the shim looks the descriptor's number up again. If another thread closed the
 * number in the middle of a call and opened a file that got it, the rest of the call would go there. So
 * the calls in progress on each number are counted, and close(2), dup2(2) and their kin wait for them.
 *
 * All waits are bounded. One who is not to wait is a thread that ends a number whose call only it can
 * complete, such as a FUSE server in the same process.
 */
#ifndef DIOSHIM_NUMBER_H
#define DIOSHIM_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "hint.h"
#include "sigmask.h"

/* Around a call of several steps on `fd`, with signals blocked. */
void number_enter(int fd);
void number_leave(int fd);

/* Numbers that are being ended, from `first` to `last`. */
struct number_ending {
	unsigned first, last;
	uint32_t key; /* only those of this description; 0: all */
	uint32_t owner;
	bool marked;
	struct sigmask signals;
};

/* Is a call in progress on it? */
bool number_busy(int fd);

/* Has the end of this number to be announced? Not that of a number that was never seen to be direct. */
static inline bool number_watched(int fd)
{
	return hint_get(fd) || number_busy(fd);
}

/*
 * Before and after the call that closes the numbers or makes them stand for something else: waits for the
 * calls in progress, and keeps new ones out. Signals are blocked in between, and cancellation waits.
 * `closed`: what the numbers stood for is forgotten; not before the call, because until then they stand
 * for it, and not what they may have been given out for since.
 */
void number_end_begin(struct number_ending *e, unsigned first, unsigned last);
void number_end_finish(struct number_ending *e, bool closed);

/* The same before what changes a description, on all its numbers: they do not end. */
void number_pause_begin(struct number_ending *e, uint32_t key);

/*
 * The kernel has given out this number. If its end is announced still, that has come; true: nobody enters
 * before number_end_finish(), so that what the number stands for now can be written down.
 */
bool number_take_over(int fd, struct number_ending *e);

#endif
