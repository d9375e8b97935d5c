/* Partial sectors of block devices. See sector.h. */
#include "sector.h"

#include <string.h>

#include "bounce.h"
#include "direct.h"
#include "process.h"
#include "sys.h"
#include "tally.h"

static _Atomic uint32_t *lock_of(struct process *p, const struct descriptor *d, uint64_t pos)
{
	return &p->sector_lock[(d->file * 31 + pos / getpagesize()) % SECTOR_LOCKS].word;
}

bool sector_lock(const struct descriptor *d, uint64_t pos)
{
	struct process *p = process();

	if (p)
		process_lock(lock_of(p, d, pos));
	return p;
}

void sector_unlock(const struct descriptor *d, uint64_t pos)
{
	process_unlock(lock_of(process(), d, pos));
}

/*
 * Returns `len`, or a negative errno: that of the call that failed, or -EIO if an odd device moved
 * less.
 */
static long rewrite(const struct request *rq, const struct descriptor *d, const char *from,
		    uint64_t pos, size_t len, char *sector)
{
	size_t size = d->align.offset;
	size_t skip = pos & (size - 1);
	const struct iovec iov = { sector, size };
	struct request read = request_at(rq, &iov, 1, pos - skip);
	long ret;

	/* The write's flags (RWF_DSYNC, ...) do not apply to the read. */
	read.write = false;
	read.nr = SYS_pread64;
	ret = direct_issue(&read);
	if (ret != (long)size)
		return ret < 0 ? ret : -EIO;
	memcpy(sector + skip, from, len);
	ret = direct_issue_at(rq, &iov, 1, pos - skip);
	if (ret != (long)size)
		return ret < 0 ? ret : -EIO;
	tally_done(rq->tally, DONE_SECTOR);
	return len;
}

long sector_write(const struct request *rq, const struct descriptor *d, const struct cursor *from,
		  uint64_t pos, size_t len)
{
	size_t sector = d->align.offset;
	struct cursor at = *from;
	struct bounce b = { 0 };
	long ret = -ENOMEM;

	/*
	 * The buffer comes first: a thread that waits for one must not hold what another thread
	 * needs to release one. For the same reason the program's memory is not touched under the
	 * lock.
	 */
	if (!bounce_get(&b, 2 * sector))
		return ret;
	if (b.size < 2 * sector)
		ret = -ENOMEM;
	else if (usermem_gather(&at, b.addr + sector, len) < len)
		ret = -EFAULT;
	else if (sector_lock(d, pos)) {
		ret = rewrite(rq, d, b.addr + sector, pos, len, b.addr);
		sector_unlock(d, pos);
	}
	bounce_put(&b);
	return ret;
}
