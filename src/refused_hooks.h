/*
 * With DIOSHIM_REFUSED=buffered: stand between the public functions and the next definitions, so that
 * without it such a call runs exactly the same instructions as if none of this existed.
 */
#ifndef DIOSHIM_REFUSED_HOOKS_H
#define DIOSHIM_REFUSED_HOOKS_H

#include <stdbool.h>
#include <stddef.h>

struct open_how;

/*
 * Called by the constructor after the next definitions have been looked up, and before others stand
 * between (record_hooks.h). Sets refused_buffered.
 */
void refused_start(void);

/* Returns whether `how` (openat2(2)) can be read and asks for O_DIRECT. */
bool refused_how_direct(const struct open_how *how, size_t size);

#endif
