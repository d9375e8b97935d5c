/* What --probe has found, for people and for programs. */
#ifndef DIOSHIM_LAUNCHER_PROBE_PRINT_H
#define DIOSHIM_LAUNCHER_PROBE_PRINT_H

#include <stdbool.h>

#include "probe/probe_result.h"

/* On stdout. False, and a message, if that failed. */
bool probe_print(const struct probe *probes, int count, bool json);

#endif
