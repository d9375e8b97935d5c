/* The steps of a write of a fixed range. See write_step.h. */
#include "write_step.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "bounce.h"
#include "buffered.h"
#include "direct.h"
#include "disable.h"
#include "sector.h"
#include "symbols.h"
#include "sys64.h"

/*
 * Asks for both ends of the write now. The kernel reads the block around an edge before it changes
 * it, and waits for that; so the second read overlaps the first, and the direct write between them.
 */
void write_fetch_edges(const struct writing *w)
{
	const struct dio_align *g = &w->d->align;
	uint64_t block = g->block;
	const uint64_t edges[] = { w->pos, w->end };

	if (w->d->block_device || (disabled & DISABLE_PREFETCH))
		return;
	for (int i = 0; i < 2; i++)
		if ((edges[i] & (g->offset - 1)) && edges[i] < w->d->size)
			sys_fadvise(w->rq->fd, (int64_t)(edges[i] & ~(block - 1)), (int64_t)block,
				    POSIX_FADV_WILLNEED);
}

/* Returns `ret`. A call that moves less than `len` has met what ends the request. */
static long moved(struct writing *w, long ret, size_t len)
{
	w->stopped = ret >= 0 && (size_t)ret < len;
	return ret;
}

/*
 * Direct I/O from the program's own memory, only if all of it is good: XFS does not write the last
 * block before a bad page, although it counts it (Linux 6.18).
 */
static long write_own(struct writing *w, size_t len)
{
	struct iovec piece;

	if (w->from.checked < len)
		return -EFAULT;
	cursor_pieces(&w->from, len, &piece, 1);
	return moved(w, direct_issue_at(w->rq, &piece, 1, w->pos), len);
}

/* Opened by a 32-bit program without O_LARGEFILE (MAX_NON_LFS, generic_write_check_limits()). */
static bool small_file(const struct descriptor *d)
{
#ifdef DIOSHIM_OFF32
	return !(d->flags & O_LARGEFILE);
#else
	(void)d;
	return false;
#endif
}

uint64_t write_size_limit(const struct descriptor *d)
{
	struct kernel_rlimit limit = { 0 };

	if (d->block_device)
		return UINT64_MAX;
	if (sys(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit))
		limit.current = UINT64_MAX;
	return small_file(d) && limit.current > INT32_MAX ? INT32_MAX : limit.current;
}

size_t write_readable(const struct cursor *from, const struct descriptor *d, uint64_t pos,
		      size_t len)
{
	bool limited = d->strict && !usermem_uncheckable() && from->checked < len;
	size_t good = limited ? from->checked : len;

	if (!good && (d->block_device || pos >= write_size_limit(d)))
		return len;
	return good;
}

long write_buffered(struct writing *w, size_t len)
{
	const struct request *rq = w->rq;
	size_t good = write_readable(&w->from, w->d, w->pos, len);
	struct iovec pieces[REQUEST_PIECES];
	struct request at;
	size_t now;
	long ret;

	if (!good)
		return -EFAULT;
	at = request_part(rq, &w->from, good, pieces);
	at = request_at(&at, at.iov, at.count, w->pos);
	now = request_length(&at);
	ret = moved(w, buffered_issue(&at), now == good ? len : now);
	if (ret <= 0)
		return ret;
	/* An edge at the end may have come first (write_edges.h). */
	if (w->pos < w->buffered_from)
		w->buffered_from = w->pos;
	/* More to come: let the device work on this meanwhile. */
	if (w->pos + ret < w->end && !w->d->block_device && !request_synchronous(rq, w->d))
		buffered_sync_start(rq->fd, w->pos, w->pos + ret);
	return ret;
}

/* Direct I/O from a bounce buffer: as much of `len` as fits. */
static long write_bounce(struct writing *w, size_t len)
{
	struct cursor from = w->from;
	struct bounce b = { 0 };
	long ret = -EFAULT;

	if (!bounce_get(&b, len))
		return -ENOMEM;
	if (len > b.size)
		len = b.size;
	if (usermem_gather(&from, b.addr, len) == len) {
		const struct iovec iov = { b.addr, len };

		ret = moved(w, direct_issue_at(w->rq, &iov, 1, w->pos), len);
	}
	bounce_put(&b);
	return ret;
}

/*
 * Writes a partial sector of a device that cannot be read, so that only the kernel can rewrite it.
 * It is at least on the device again before another of our threads may come near its page.
 */
static long write_unreadable(struct writing *w, size_t len)
{
	bool locked = sector_lock(w->d, w->pos);
	long ret = write_buffered(w, len);
	long err = ret > 0 ? buffered_sync(w->rq->fd, w->pos, w->pos + ret) : 0;

	if (locked)
		sector_unlock(w->d, w->pos);
	return err ? err : ret;
}

static long write_edge(struct writing *w, size_t len)
{
	size_t block = w->d->align.block;
	size_t left = block - (w->pos & (block - 1));

	if (!w->d->block_device)
		return write_buffered(w, len);
	/* Each lock covers one block. */
	if (len > left)
		len = left;
	if ((w->d->flags & O_ACCMODE) == O_WRONLY)
		return write_unreadable(w, len);
	return sector_write(w->rq, w->d, &w->from, w->pos, len);
}

long write_step(struct writing *w, struct step step)
{
	switch (step.how) {
	case HOW_DIRECT:
		return write_own(w, step.len);
	case HOW_BOUNCE:
		return write_bounce(w, step.len);
	default:
		return write_edge(w, step.len);
	}
}
