/*
 * Checks that must hold at each step of a run, whatever its outcome: P2, P3, P4, P5 and P8 of
 * doc/design.md. They do not apply to the reference runs on ordinary descriptors.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_CHECK_H
#define DIOSHIM_TEST_INTERLEAVE_CHECK_H

#include "interleave_run.h"

void check_started(struct run *r, int actor, int number);
/* To be called when a system call has returned. */
void check_call(struct run *r, const struct task *t);
void check_ended(struct run *r, int actor, int number);
void check_step(struct run *r);
/* To be called when all calls have returned and nothing has been synced yet. */
void check_end(struct run *r);

#endif
