/* Partial sectors of block devices. See sector.h. */
#include "sector.h"

#include "bounce.h"
#include "process.h"
#include "sys.h"
#include "tally.h"

enum { UNLOCKED, LOCKED, CONTENDED };

static _Atomic uint32_t *lock_of(struct process *p, const struct descriptor *d, uint64_t pos)
{
	return &p->sector_lock[(d->device * 31 + pos / getpagesize()) % SECTOR_LOCKS].word;
}

/* Signals are blocked in here, so the holder is another thread, and its I/O will end. */
static void lock(_Atomic uint32_t *word)
{
	uint32_t was = UNLOCKED;

	if (atomic_compare_exchange_strong(word, &was, LOCKED))
		return;
	while (atomic_exchange(word, CONTENDED) != UNLOCKED)
		process_wait(word, CONTENDED);
}

static void unlock(_Atomic uint32_t *word)
{
	if (atomic_exchange(word, UNLOCKED) == CONTENDED)
		process_wake(word, 1);
}

bool sector_lock(const struct descriptor *d, uint64_t pos)
{
	struct process *p = process();

	if (p)
		lock(lock_of(p, d, pos));
	return p;
}

void sector_unlock(const struct descriptor *d, uint64_t pos)
{
	unlock(lock_of(process(), d, pos));
}

/* Returns what the failing call returned: a negative errno, or a short count for an odd device. */
static long rewrite(const struct request *rq, const struct descriptor *d, struct cursor from,
		    uint64_t pos, size_t len, char *sector)
{
	size_t size = d->geo.off;
	size_t skip = pos & (size - 1);
	const struct iovec iov = { sector, size };
	struct request read = request_at(rq, &iov, 1, pos - skip);
	long ret;

	/* The write's flags (RWF_DSYNC, ...) are not for reading. */
	read.write = false;
	read.nr = SYS_pread64;
	ret = request_issue(&read);
	if (ret != (long)size)
		return ret < 0 ? ret : -EIO;
	if (usermem_gather(&from, sector + skip, len) < len)
		return -EFAULT;
	ret = request_issue_at(rq, &iov, 1, pos - skip);
	if (ret != (long)size)
		return ret < 0 ? ret : -EIO;
	tally_done(rq->tally, DONE_SECTOR);
	return len;
}

long sector_write(const struct request *rq, const struct descriptor *d, const struct cursor *from,
		  uint64_t pos, size_t len)
{
	struct bounce b = { 0 };
	long ret = -ENOMEM;

	/* The buffer first: who waits for one must not hold what another needs to give one back. */
	if (!bounce_get(&b, d->geo.off))
		return ret;
	if (sector_lock(d, pos)) {
		ret = rewrite(rq, d, *from, pos, len, b.addr);
		sector_unlock(d, pos);
	}
	bounce_put(&b);
	return ret;
}
