/* The environment that COMMAND gets. */
#ifndef DIOSHIM_ENVIRONMENT_H
#define DIOSHIM_ENVIRONMENT_H

#include <stdbool.h>

#include "options.h"

/*
 * Sets LD_PRELOAD, and those DIOSHIM_ variables that an option sets; the others stay as they are.
 * `first` is a library to be preloaded before the shim, or NULL. `record` is the record file of --stats, --trace and
 * --refused, or NULL. Returns false after a message if there is no memory.
 */
bool environment_set(const struct options *o, const char *first, const char *library,
		     const char *record);

#endif
