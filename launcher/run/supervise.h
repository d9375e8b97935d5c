/* COMMAND under the eyes of the launcher: --stats and --trace. */
#ifndef DIOSHIM_SUPERVISE_H
#define DIOSHIM_SUPERVISE_H

#include "options.h"

/* Run COMMAND to its end, and report. Returns the exit status. */
int supervise(const struct options *o, const char *library);

#endif
