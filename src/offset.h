/*
 * Ranges of a shared file offset.
 *
 * A call that the kernel makes in one piece moves the offset under a lock of the kernel. A call
 * that the shim makes in several steps takes its whole range first, by the only atomic operation on
 * the offset: lseek(fd, n, SEEK_CUR), which returns the end of the range. The threads of one
 * process also take turns (turn.h).
 */
#ifndef DIOSHIM_OFFSET_H
#define DIOSHIM_OFFSET_H

#include <stddef.h>
#include <stdint.h>

/* Returns the current offset, or a negative errno. */
int64_t offset_now(int fd);

/*
 * Takes the next `len` bytes. Returns where they start, or a negative errno if nothing was taken.
 */
int64_t offset_take(int fd, size_t len);

/*
 * Gives back the `len` bytes before `end` that were not used, if the offset is still `end`.
 * Otherwise somebody has taken the range after it, and the next call would overwrite that.
 */
void offset_return(int fd, int64_t end, size_t len);

#endif
