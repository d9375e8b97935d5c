/* Whether a file has its blocks where a write will put them. */
#ifndef DIOSHIM_MAPPED_H
#define DIOSHIM_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns whether the bytes from `start` up to `end` of a file lie in blocks that are allocated,
 * written and not shared with another file, so that a direct write there needs no space and cannot
 * fail for lack of it. False where the file system does not say.
 */
bool mapped_in_place(int fd, uint64_t start, uint64_t end);

#endif
