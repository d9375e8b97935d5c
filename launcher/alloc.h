/*
 * Memory for the launcher: without it there is nothing to do but say so and leave with 125, so no
 * caller is told.
 */
#ifndef DIOSHIM_ALLOC_H
#define DIOSHIM_ALLOC_H

#include <stddef.h>

void *alloc_zeroed(size_t count, size_t size);
char *alloc_string(const char *text);
char *alloc_part(const char *text, size_t length);
__attribute__((format(printf, 1, 2))) char *alloc_format(const char *format, ...);

/* An array of `count` elements with room for one more; it doubles as it grows. */
void *alloc_room(void *array, size_t count, size_t size);

#endif
