/* Why COMMAND was not executed. */
#ifndef DIOSHIM_EXEC_FAILED_H
#define DIOSHIM_EXEC_FAILED_H

#include "options.h"

/*
 * Prints why exec failed with `error`, an errno. Returns the exit status: 127 for ENOENT, else 126.
 */
int exec_failed(const struct options *o, int error);

#endif
