/* Shells that are given a command: sh -c 'COMMAND ARG...' */
#ifndef DIOSHIM_SHELL_H
#define DIOSHIM_SHELL_H

#include <stdbool.h>

#include "check/chain.h"

/*
 * If c->program is a shell and its -c has one simple command of plain words, makes that command the one in c->words
 * and returns true. Otherwise the chain ends here; c->unknown is set if the command is not that simple. A command that
 * the shell has built in is the shell's.
 */
bool shell_unwrap(struct chain *c);

#endif
