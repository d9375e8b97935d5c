/* Starting COMMAND. */
#ifndef DIOSHIM_START_H
#define DIOSHIM_START_H

#include "options.h"

/* Run COMMAND as the options say. Returns the exit status, if it returns. */
int start(const struct options *o);

#endif
