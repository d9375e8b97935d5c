/*
 * dioshim --probe: finds the alignment that direct I/O requires at a path, and with --try what the
 * kernel does with a misaligned call.
 */
#ifndef DIOSHIM_LAUNCHER_PROBE_H
#define DIOSHIM_LAUNCHER_PROBE_H

#include <stdbool.h>

/*
 * Probes each of the paths and prints the results; with `try`, makes test calls, too. Returns the
 * exit status: 0, or 1 after a message if one of the paths, or printing, failed.
 */
int probe_paths(char **paths, int count, bool try, bool json);

#endif
