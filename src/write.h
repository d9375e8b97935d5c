/* How the parts of a write are moved; move_write.c chooses among them. */
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
 * Writes a fixed range, in as many calls as it takes (write_range.c). Returns the number of bytes
 * that are where they belong, or a negative errno if there are none.
 */
long write_range(const struct request *rq, struct descriptor *d, uint64_t start, size_t len);

/*
 * Writes at the end of the file, wherever that is by then, in one piece (promise P6;
 * write_append.c). Returns the count, or a negative errno.
 */
long write_append(const struct request *rq, const struct descriptor *d, size_t len);

/*
 * Writes the first `len` bytes in one buffered call of the same kind (write_append.c). They need
 * not have reached the device when it returns.
 */
long write_front_buffered(const struct request *rq, const struct descriptor *d, uint64_t pos,
			  size_t len);

/*
 * Writes all of it in one call of the same kind from a bounce buffer (write_append.c), so that the
 * kernel takes care of the offset, O_APPEND and its limits. Returns the count, or a negative errno:
 * -EINVAL if the kernel refused it, -EFAULT or -ENOMEM if it was not tried.
 */
long write_bounced(const struct request *rq, size_t len);

/*
 * Returns how many of `len` bytes at `pos` a buffered write may be given (write_step.c): only as
 * far as the memory was found readable (usermem_check()), although the kernel checks that itself.
 * On Linux 6.18 a buffered write of a file that meets a bad page leaves damage: on XFS
 * uninitialised memory in what was a hole, on ext4 reserved blocks, which a later direct read
 * answers with EIO. (File systems that report no alignment handle bad memory in their own ways, and
 * are given all of it.) Where another error comes first, such as a limit or the end of a device,
 * the kernel decides.
 */
size_t write_readable(const struct cursor *from, const struct descriptor *d, uint64_t pos,
		      size_t len);

/* Returns RLIMIT_FSIZE, in bytes; it does not apply to block devices (write_step.c). */
uint64_t write_size_limit(const struct descriptor *d);

/*
 * Returns whether `ret` only means that this method was unavailable. A full file system counts: a
 * direct write fails with ENOSPC if not all of it fits, while a buffered one fills what is left.
 */
static inline bool write_otherwise(long ret)
{
	return ret == -EINVAL || ret == -EFAULT || ret == -ENOMEM || ret == -ENOSPC ||
	       ret == -EDQUOT;
}

#endif
