/*
 * Counting the calls that the kernel takes as they stand.
 *
 * A layer between the public functions and the next definitions, put there only if DIOSHIM_STATS is
 * set: without it the way of such a call is what it was, instruction for instruction.
 */
#ifndef DIOSHIM_RECORD_HOOKS_H
#define DIOSHIM_RECORD_HOOKS_H

/* In the constructor, after the next definitions have been looked up. */
void record_hooks_install(void);

#endif
