/* What options take as their values. */
#ifndef DIOSHIM_VALUES_H
#define DIOSHIM_VALUES_H

#include <stdbool.h>

enum { SECONDS_MAX = 86400 };

/* Whole seconds from 1 to a day. */
bool value_seconds(const char *text, unsigned *seconds);

/* What the shim takes for DIOSHIM_BOUNCE_MAX (src/config.c). */
bool value_is_size(const char *text);

/* What it takes for DIOSHIM_WITHOUT: some of VALUE_WORDS, with commas between. */
bool value_is_without(const char *text);

#define VALUE_WORDS "hints, hugepages, prefetch"

#endif
