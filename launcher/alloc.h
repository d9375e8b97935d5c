/*
 * Allocation that exits on failure: these functions print a message and exit with EXIT_LAUNCHER
 * (125) if there is no memory, so callers need not check the result. All results are to be freed.
 */
#ifndef DIOSHIM_ALLOC_H
#define DIOSHIM_ALLOC_H

#include <stddef.h>

void *alloc_zeroed(size_t count, size_t size);
char *alloc_string(const char *text);
char *alloc_part(const char *text, size_t length);
__attribute__((format(printf, 1, 2))) char *alloc_format(const char *format, ...);

/*
 * Returns `array`, of `count` elements of `size` bytes each, with room for one more. Reallocates it
 * when `count` is 0 or a power of two, so only this function may have grown it, beginning at NULL.
 */
void *alloc_room(void *array, size_t count, size_t size);

#endif
