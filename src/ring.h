/*
 * Direct writes that are under way while the thread does something else: io_uring(7), a ring of its own
 * for each thread that has use for one.
 *
 * With IORING_SETUP_NO_MMAP and IORING_SETUP_REGISTERED_FD_ONLY (Linux 6.5) a ring has no descriptor: it
 * lies in memory of ours and goes by a number that only this thread's kernel side knows. RWF_NOWAIT keeps
 * the kernel from handing what would block to a worker thread; it says EAGAIN instead. Where any of this is
 * refused (an older kernel, sysctl kernel.io_uring_disabled) there is no ring, and nothing else changes. A
 * process under a seccomp filter is not made to find out: it may be one that kills.
 *
 * An asynchronous write does not hold the inode's lock until it is done, as a synchronous one does. So
 * it must be of whole blocks that no buffered write shares (doc/design.md).
 */
#ifndef DIOSHIM_RING_H
#define DIOSHIM_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_DEPTH = 4 }; /* writes under way at once */

struct ring;

/* The calling thread's ring; null if there is none to be had. To be asked for with a bounce buffer taken. */
struct ring *ring_get(void);

/*
 * Start to write `len` bytes from `addr` at `pos`, both of which the device's alignment suits. False if
 * it was not started. `tag` comes back with the answer. The memory must stay until it has.
 */
bool ring_write(struct ring *r, int fd, const void *addr, size_t len, uint64_t pos, unsigned tag);

/* Is one of those under way done? */
bool ring_done(const struct ring *r);

/* Wait until one of those under way is done. Its tag, and the count or a negative errno in *ret. */
unsigned ring_wait(struct ring *r, long *ret);

#endif
