/*
 * Programs whose arguments are another command, which they execute: env, nice, timeout, strace and similar ones
 * (wrapper_table.h). They may also change the environment, and LD_PRELOAD in it.
 */
#ifndef DIOSHIM_WRAPPER_H
#define DIOSHIM_WRAPPER_H

#include <stdbool.h>

#include "check/chain.h"

/*
 * If c->program is one of them and its arguments name another command, makes that command the one
 * in c->words and returns true. Otherwise the chain ends here; c->unknown is set if c->program
 * starts a command that could not be told from its arguments.
 */
bool wrapper_unwrap(struct chain *c);

#endif
