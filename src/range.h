/*
 * Ranges of files that calls are writing: overlapping writes of one process follow one another.
 *
 * An ordinary write(2) holds the inode's lock from its first byte to its last, so that two which overlap
 * leave what one order of them leaves. A write of several steps holds its range here instead, and
 * others that overlap it queue, in their order of arrival. Disjoint ones do not wait.
 *
 * The rules of gate.h hold here too. An aligned write that the kernel takes as it stands does not queue,
 * and other processes do not.
 */
#ifndef DIOSHIM_RANGE_H
#define DIOSHIM_RANGE_H

#include <stdint.h>

/* Takes the bytes from `start` up to `end` of a file (struct descriptor). Returns what range_end() takes. */
int range_take(uint64_t file, uint64_t start, uint64_t end);
void range_end(int place);

#endif
