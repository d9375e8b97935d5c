/* Running COMMAND as a child, for --stats, --trace and --refused. */
#ifndef DIOSHIM_SUPERVISE_H
#define DIOSHIM_SUPERVISE_H

#include "options.h"

/* Runs COMMAND to its end, and prints the trace and the report. Returns the exit status. */
int supervise(const struct options *o, const char *first, const char *library);

#endif
