/*
 * System calls: their names, and what they mean for the order of steps.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_SYSCALL_H
#define DIOSHIM_TEST_INTERLEAVE_SYSCALL_H

#include "interleave_trace.h"

/* Is it of no concern to other threads? Then there is no need to switch before it. */
bool syscall_private(const struct call *c);

/* May it wait for another thread? */
bool syscall_sleeps(const struct call *c);

/* May it wait for another thread, but not for good? */
bool syscall_times_out(const struct call *c);

/* Does it let others go first, by giving up the processor or by sleeping? */
bool syscall_yields(const struct call *c);
bool syscall_naps(const struct call *c);

/* Does it move bytes of a file? */
bool syscall_moves(const struct call *c);

/* Does it start what goes on after it has returned? */
bool syscall_hands_over(const struct call *c);

/* The same for the same call in another run: without addresses, and process numbers. */
uint64_t syscall_signature(const struct call *c);

/* Like strace(1), in short. */
void syscall_describe(const struct call *c, long ret, bool returned, char *into, size_t room);

#endif
