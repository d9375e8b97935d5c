/*
 * Counts the calls that the kernel accepts as they are.
 *
 * The hooks stand between the public functions and the next definitions, and are installed only if
 * DIOSHIM_STATS is set: otherwise such a call runs exactly the same instructions as without them.
 */
#ifndef DIOSHIM_RECORD_HOOKS_H
#define DIOSHIM_RECORD_HOOKS_H

/* Installs the hooks. Called by the constructor, after the next definitions have been looked up. */
void record_hooks_install(void);

#endif
