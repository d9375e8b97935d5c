/* Running COMMAND as a child, for --stats, --trace and --refused. */
#ifndef DIOSHIM_SUPERVISE_H
#define DIOSHIM_SUPERVISE_H

#include "options.h"

/* Returns whether the files of --refused=buffered are to be named at the end. */
bool supervise_names(const struct options *o);

/* Runs COMMAND to its end, and prints the trace and the report. Returns the exit status. */
int supervise(const struct options *o, const char *first, const char *library);

#endif
