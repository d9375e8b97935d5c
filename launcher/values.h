/* The values of options. */
#ifndef DIOSHIM_VALUES_H
#define DIOSHIM_VALUES_H

#include <stdbool.h>

enum { SECONDS_MAX = 86400 }; /* a day */

/* Parses a whole number of seconds, 1 to SECONDS_MAX. Returns false if `text` is anything else. */
bool value_seconds(const char *text, unsigned *seconds);

/* Returns whether the shim accepts `text` as DIOSHIM_BOUNCE_MAX (src/config.c). */
bool value_is_size(const char *text);

/*
 * Returns whether `text` is a comma-separated list of optimisations (settings.h). Empty and unknown
 * words, which the shim ignores in DIOSHIM_DISABLE, are errors here.
 */
bool value_is_disable(const char *text);

/* Returns whether `text` is a word for DIOSHIM_REFUSED (settings.h). */
bool value_is_refused(const char *text);

#endif
