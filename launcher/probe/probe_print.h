/* Prints the results of --probe, as a table or as JSON. */
#ifndef DIOSHIM_LAUNCHER_PROBE_PRINT_H
#define DIOSHIM_LAUNCHER_PROBE_PRINT_H

#include <stdbool.h>

#include "probe/probe_result.h"

/* Prints on stdout. Returns false after a message on failure. */
bool probe_print(const struct probe *probes, int count, bool json);

#endif
