/* What options take as their values. */
#ifndef DIOSHIM_VALUES_H
#define DIOSHIM_VALUES_H

#include <stdbool.h>

enum { SECONDS_MAX = 86400 };

/* Whole seconds from 1 to a day. */
bool value_seconds(const char *text, unsigned *seconds);

/* What the shim takes for DIOSHIM_BOUNCE_MAX (src/config.c). */
bool value_is_size(const char *text);

/* What it takes for DIOSHIM_DISABLE: optimisations (settings.h), separated by commas. */
bool value_is_disable(const char *text);

#endif
