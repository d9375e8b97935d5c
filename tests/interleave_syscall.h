/*
 * System calls: their names, and how they affect the order of steps.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_SYSCALL_H
#define DIOSHIM_TEST_INTERLEAVE_SYSCALL_H

#include "interleave_trace.h"

/* Returns whether it does not affect other threads, so that no switch is needed before it. */
bool syscall_private(const struct call *c);

/* Returns whether it may wait for another thread. */
bool syscall_sleeps(const struct call *c);

/* Returns whether it waits for another thread with a timeout. */
bool syscall_times_out(const struct call *c);

/* Return whether it lets other threads run first: in any way, and by sleeping. */
bool syscall_yields(const struct call *c);
bool syscall_naps(const struct call *c);

/* Returns whether it reads or writes a file. */
bool syscall_moves(const struct call *c);

/* Returns whether it may start I/O that continues after it has returned. */
bool syscall_hands_over(const struct call *c);

/* Returns a hash without addresses and process IDs, which is the same in each run. */
uint64_t syscall_signature(const struct call *c);

/* Describes the call in the style of strace(1). */
void syscall_describe(const struct call *c, long ret, bool returned, char *into, size_t room);

#endif
