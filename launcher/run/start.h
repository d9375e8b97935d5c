/* Starting COMMAND. */
#ifndef DIOSHIM_START_H
#define DIOSHIM_START_H

#include "options.h"

/*
 * Runs COMMAND as the options say. Returns the exit status of a COMMAND that ran as a child, or of
 * a failure; does not return if the launcher's process became COMMAND.
 */
int start(const struct options *o);

#endif
