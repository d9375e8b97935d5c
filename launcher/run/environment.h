/* The environment that COMMAND gets. */
#ifndef DIOSHIM_ENVIRONMENT_H
#define DIOSHIM_ENVIRONMENT_H

#include <stdbool.h>

#include "options.h"

/*
 * Set LD_PRELOAD, and the DIOSHIM_ variables that an option asks for; the others stay. `record` is
 * the file of --stats and --trace, or NULL. False, and a message, if there is no memory.
 */
bool environment_set(const struct options *o, const char *library, const char *record);

#endif
