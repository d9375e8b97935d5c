/* Follows a command to the file that runs in the end, as execvp() and the kernel would. */
#ifndef DIOSHIM_FOLLOW_H
#define DIOSHIM_FOLLOW_H

#include "check/chain.h"

/* Returns 0, or the errno of execvp(). The caller frees the chain in either case. */
int follow_command(char *const argv[], struct chain *c);

#endif
