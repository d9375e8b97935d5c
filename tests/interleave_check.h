/*
 * What must hold at each step of a run, whatever its outcome: P2, P3, P4 and P8 of README.md. Not
 * where the descriptors are ordinary.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_CHECK_H
#define DIOSHIM_TEST_INTERLEAVE_CHECK_H

#include "interleave_run.h"

void check_started(struct run *r, int actor, int number);
/* A system call has returned. */
void check_call(struct run *r, const struct task *t);
void check_ended(struct run *r, int actor, int number);
void check_step(struct run *r);
/* All calls have returned, nothing has been synced yet. */
void check_end(struct run *r);

#endif
