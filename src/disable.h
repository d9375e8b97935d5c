/*
 * Optimisations that DIOSHIM_DISABLE has turned off (config.c): to measure what each is worth, or
 * to find out whether one causes a problem. They do not change what a call does.
 * Except "stdio": without it, stdio is refused on direct descriptors, as without the shim.
 */
#ifndef DIOSHIM_DISABLE_H
#define DIOSHIM_DISABLE_H

#include "settings.h"

#define DISABLE_BIT(name, word) DISABLE_BIT_##name,
#define DISABLE_FLAG(name, word) DISABLE_##name = 1 << DISABLE_BIT_##name,

enum { DIOSHIM_OPTIMISATIONS(DISABLE_BIT) };

/* DISABLE_HINTS, and so on for each optimisation. */
enum { DIOSHIM_OPTIMISATIONS(DISABLE_FLAG) };

/* A set of these flags. Set while the library is loaded, and only read after that. */
extern unsigned disabled;

#endif
