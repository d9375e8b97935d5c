/*
 * Ranges of a shared file offset.
 *
 * A call that the kernel makes in one piece moves the offset under a lock of the kernel's. One that
 * the shim makes in several takes its whole range first, by the one operation on the offset that is
 * atomic: lseek(fd, n, SEEK_CUR), which answers with the end of the range.
 */
#ifndef DIOSHIM_OFFSET_H
#define DIOSHIM_OFFSET_H

#include <stddef.h>
#include <stdint.h>

/* The offset now, or a negative errno. */
int64_t offset_now(int fd);

/* Take the next `len` bytes. Returns where they start, or a negative errno and nothing is taken. */
int64_t offset_take(int fd, size_t len);

/* Give back what was not used, from the end of a range. */
void offset_give_back(int fd, size_t len);

#endif
