/*
 * dioshim --probe: what direct I/O asks for at a path, and with --try what becomes of a call that is
 * misaligned.
 */
#ifndef DIOSHIM_LAUNCHER_PROBE_H
#define DIOSHIM_LAUNCHER_PROBE_H

#include <stdbool.h>

/*
 * Look at each of the paths and print what was found; `try` is for calls to be tried, too. Returns
 * the exit status: 0, or 1 if there was an error at one of them, which stderr has been told.
 */
int probe_paths(char **paths, int count, bool try, bool json);

#endif
