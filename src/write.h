/*
 * How the parts of a write are moved; move_write.c chooses among them.
 */
#ifndef DIOSHIM_WRITE_H
#define DIOSHIM_WRITE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "descriptor.h"
#include "request.h"
#include "usermem.h"

/*
 * A fixed range, in as many calls as it takes (write_range.c). Returns the count of bytes that are
 * where they belong, or a negative errno if there are none.
 */
long write_range(const struct request *rq, struct descriptor *d, uint64_t start, size_t len);

/*
 * At the end of the file, wherever that is by then, in one piece (promise P6; write_append.c).
 * Returns the count, or a negative errno.
 */
long write_append(const struct request *rq, const struct descriptor *d, size_t len);

/*
 * The first `len` bytes in one buffered call of the same kind (write_append.c). They have not reached the
 * device when it returns.
 */
long write_front_buffered(const struct request *rq, const struct descriptor *d, uint64_t pos, size_t len);

/*
 * All of it in one call of the same kind, with aligned memory: the kernel minds the offset, O_APPEND
 * and its limits. -EINVAL if it is refused, -EFAULT or -ENOMEM if it was not tried.
 */
long write_bounced(const struct request *rq, size_t len);

/*
 * How much of `len` bytes at `pos` a buffered write may be handed: no further than the memory was found
 * readable (usermem_check()), although the kernel checks that itself. On Linux 6.18 a buffered write of a
 * file that meets a bad page leaves what nobody should see: on XFS uninitialised memory in what was a
 * hole, on ext4 reserved blocks, which a later direct read answers with EIO. (File systems that report
 * no alignment answer bad memory in ways of their own, and may.) Where other reasons come first, such
 * as a limit or the end of a device, the kernel has the word.
 */
size_t write_readable(const struct cursor *from, const struct descriptor *d, uint64_t pos, size_t len);

/* RLIMIT_FSIZE, in bytes; it does not bind block devices. */
uint64_t write_size_limit(const struct descriptor *d);

/*
 * Did that say only that this way was not open? A full file system counts: a direct write says ENOSPC
 * to all of what does not fit as a whole, a buffered one fills what is left.
 */
static inline bool write_otherwise(long ret)
{
	return ret == -EINVAL || ret == -EFAULT || ret == -ENOMEM || ret == -ENOSPC || ret == -EDQUOT;
}

#endif
