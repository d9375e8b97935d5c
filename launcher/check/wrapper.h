/*
 * Programs whose arguments are another command, which they execute: env, nice, timeout and their
 * kind. What becomes of LD_PRELOAD on the way is told too.
 */
#ifndef DIOSHIM_WRAPPER_H
#define DIOSHIM_WRAPPER_H

#include <stdbool.h>

struct follow;

/*
 * If f->program is one of them and its words name another command, make that the command of `f` and
 * return true. Otherwise `f` ends here; f->unknown is set if the words were not understood.
 */
bool wrapper_unwrap(struct follow *f);

#endif
