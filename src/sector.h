/*
 * Partial sectors of block devices: read, modify, write, by direct I/O, one thread at a time.
 *
 * On a file the kernel's buffered write does this under a lock of the inode. A block device has no
 * such lock: a page that a buffered write made dirty is written back over the direct write of a
 * neighbouring sector. Here only the sector itself is touched, and no aligned write disjoint from
 * ours can be in it; misaligned ones of this process wait. Between processes nothing guards a
 * sector (promise P5, limits).
 */
#ifndef DIOSHIM_SECTOR_H
#define DIOSHIM_SECTOR_H

#include "descriptor.h"
#include "request.h"
#include "usermem.h"

/*
 * Keep the other threads' partial sectors away from the page that `pos` is in. Page, not sector: a
 * descriptor that cannot be read leaves the rewriting to the kernel's page cache, which works by
 * pages. False if there is no such lock.
 */
bool sector_lock(const struct descriptor *d, uint64_t pos);
void sector_unlock(const struct descriptor *d, uint64_t pos);

/*
 * Write `len` bytes from the cursor at `pos`, which must lie in one sector (d->align.offset bytes).
 * Returns `len`, or a negative errno; -ENOMEM and -EFAULT if nothing was done for want of a bounce
 * buffer or because of the program's memory.
 */
long sector_write(const struct request *rq, const struct descriptor *d, const struct cursor *from,
		  uint64_t pos, size_t len);

#endif
