/*
 * Ranges of a shared file offset.
 *
 * A call that the kernel makes in one piece moves the offset under a lock of the kernel's. One that the
 * shim makes in several takes its whole range first, by the one operation on the offset that is atomic:
 * lseek(fd, n, SEEK_CUR), which answers with the end of the range. Between the threads of a process such
 * calls also take turns (turn.h).
 */
#ifndef DIOSHIM_OFFSET_H
#define DIOSHIM_OFFSET_H

#include <stddef.h>
#include <stdint.h>

/* The offset now, or a negative errno. */
int64_t offset_now(int fd);

/* Takes the next `len` bytes. Returns where they start, or a negative errno and nothing is taken. */
int64_t offset_take(int fd, size_t len);

/*
 * Gives back the `len` bytes before `end` that were not used, if the offset is still where it was left.
 * If not, somebody has taken the range after it, and would find it overwritten by the next.
 */
void offset_return(int fd, int64_t end, size_t len);

#endif
