/* Asynchronous direct writes of the program. See async.h. */
#include "async.h"

#include <fcntl.h>

#include "descriptor.h"
#include "rwf.h"
#include "sys.h"

atomic_bool async_writes;

static bool appends(const struct request *rq)
{
	long flags = sys(SYS_fcntl, rq->fd, F_GETFL);

	if (rq->flags & KERNEL_RWF_NOAPPEND)
		return false;
	return (rq->flags & KERNEL_RWF_APPEND) || (flags > 0 && (flags & O_APPEND));
}

/* Returns where the write will begin. Others may move the end of the file meanwhile. */
static int64_t place_of(const struct request *rq)
{
	struct descriptor d = { 0 };

	if (appends(rq)) {
		descriptor_look_size(rq->fd, &d);
		return (int64_t)d.size;
	}
	return rq->positional ? rq->pos : sys(SYS_lseek, rq->fd, 0L, SEEK_CUR);
}

/*
 * fallocate(2) waits, with the inode's lock, until no direct I/O is under way on the file: inode_dio_wait(), in ext4
 * and XFS for every mode. It is asked for the block in which the write begins, which the write allocates
 * anyway, and not to change the size. Its answer does not matter: the write gives its own.
 */
void async_writes_drain(const struct request *rq)
{
	int64_t pos = place_of(rq);

	if (pos >= 0)
		sys(SYS_fallocate, rq->fd, FALLOC_FL_KEEP_SIZE, pos, 1L);
}
