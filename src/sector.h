/*
 * Partial sectors of block devices: read, modify, write, by direct I/O, one thread at a time.
 *
 * On a file the kernel's buffered write does this under a lock of the inode. A block device has no
 * such lock: a page that a buffered write made dirty is written back over the direct write of a
 * neighbouring sector. Here only the sector itself is written. No aligned write that is disjoint
 * from ours can be in it, and misaligned writes of this process wait. Nothing protects a sector
 * from other processes (promise P5, limits).
 */
#ifndef DIOSHIM_SECTOR_H
#define DIOSHIM_SECTOR_H

#include "descriptor.h"
#include "request.h"
#include "usermem.h"

/*
 * Keeps the other threads' partial sectors away from the page that `pos` is in. A page, not a
 * sector: through a descriptor that cannot be read, the kernel's page cache does the rewriting, and
 * works in pages. Returns false if there is no such lock.
 */
bool sector_lock(const struct descriptor *d, uint64_t pos);
void sector_unlock(const struct descriptor *d, uint64_t pos);

/*
 * Writes `len` bytes from the cursor at `pos`, which must lie in one sector (d->align.offset
 * bytes). Returns `len`, or a negative errno; -ENOMEM if there was no bounce buffer and -EFAULT if
 * the program's memory is bad, and then nothing was written.
 */
long sector_write(const struct request *rq, const struct descriptor *d, const struct cursor *from,
		  uint64_t pos, size_t len);

#endif
