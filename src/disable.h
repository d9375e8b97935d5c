/*
 * Optimisations that DIOSHIM_DISABLE has switched off (config.c): to see what each is worth, or to
 * find out whether one is to blame. What a call does is the same with and without them.
 */
#ifndef DIOSHIM_DISABLE_H
#define DIOSHIM_DISABLE_H

#include "settings.h"

#define DISABLE_BIT(name, word) DISABLE_BIT_##name,
#define DISABLE_FLAG(name, word) DISABLE_##name = 1 << DISABLE_BIT_##name,

enum { DIOSHIM_OPTIMISATIONS(DISABLE_BIT) };

/* DISABLE_HINTS, and so on for each optimisation. */
enum { DIOSHIM_OPTIMISATIONS(DISABLE_FLAG) };

/* A set of these flags. Set when the library is loaded, and only read from then on. */
extern unsigned disabled;

#endif
