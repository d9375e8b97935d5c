/* Starting COMMAND. */
#ifndef DIOSHIM_START_H
#define DIOSHIM_START_H

#include "options.h"

/* Run COMMAND as the options say. Returns the exit status, if it returns. */
int start(const struct options *o);

/* Say why COMMAND could not be executed, and return the exit status for that. */
int start_failed(const char *command, int error);

#endif
