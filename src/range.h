/*
 * Ranges of files that calls are writing: overlapping writes of one process are serialized.
 *
 * An ordinary write(2) holds the inode's lock from its first byte to its last, so two writes that
 * overlap leave the result of one order or the other. A write of several steps holds its range here
 * instead, and others that overlap it queue in their order of arrival. Disjoint writes do not wait.
 *
 * The rules of gate.h apply here too. Aligned writes that the kernel accepts as they are do not
 * queue, nor do those of other processes.
 */
#ifndef DIOSHIM_RANGE_H
#define DIOSHIM_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* No range: range_end() does nothing. */
enum { RANGE_NONE = -1 };

/*
 * Waits for the bytes from `start` up to `end` of a file (description_file_of()) and takes them.
 * Returns what range_end() needs.
 */
int range_take(uint32_t file, uint64_t start, uint64_t end);
void range_end(int place);

/* Returns whether other writes have ranges too, as far as is seen without waiting. */
bool range_others(void);

#endif
