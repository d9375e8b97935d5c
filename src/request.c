/* One call of the program. See request.h. */
#include "request.h"

#include <fcntl.h>
#include <limits.h>

#include "descriptor.h"
#include "plan.h"
#include "rwf.h"
#include "sys64.h"
#include "tally.h"
#include "transfers.h"

enum {
	/* Not RWF_ATOMIC: a write in several steps would not be atomic. */
	FLAGS_UNDERSTOOD = KERNEL_RWF_HIPRI | KERNEL_RWF_DSYNC | KERNEL_RWF_SYNC |
			   KERNEL_RWF_NOWAIT | KERNEL_RWF_APPEND | KERNEL_RWF_NOAPPEND |
			   KERNEL_RWF_DONTCACHE,
	APPEND_AND_NOAPPEND = KERNEL_RWF_APPEND | KERNEL_RWF_NOAPPEND,
};

/* process_vm_readv(2) imports an iovec just as readv(2) does; with nothing to copy, it stops there. */
static long import(const struct iovec *iov, int count)
{
	return sys(SYS_process_vm_readv, getpid(), iov, count, NULL, 0L, 0L);
}

/*
 * Returns whether this is a 32-bit program under a 64-bit kernel. Only there may the last page of 32 bits be a
 * program's.
 */
static bool kernel_is_wider(void)
{
	const struct iovec last = { (void *)(UINTPTR_MAX - 1), 1 };

	return sizeof(uintptr_t) < sizeof(uint64_t) && !import(&last, 1);
}

bool request_length_valid(uint64_t len)
{
	return len <= SSIZE_MAX || (len <= INT64_MAX && kernel_is_wider());
}

static bool iov_understood(const struct request *rq)
{
	if (rq->count < 1 || rq->count > IOV_MAX)
		return false;
	if (!rq->vectored)
		return request_length_valid(rq->iov->iov_len);
	if (!usermem_readable(rq->iov, rq->count * sizeof(*rq->iov)))
		return false;
	/* Here a 64-bit kernel knows that the program's word is shorter (copy_compat_iovec_from_user()). */
	for (int i = 0; i < rq->count; i++)
		if (rq->iov[i].iov_len > SSIZE_MAX)
			return false;
	return true;
}

bool request_understood(const struct request *rq)
{
	size_t len;

	if (!iov_understood(rq) || (rq->flags & ~FLAGS_UNDERSTOOD))
		return false;
	if ((rq->flags & APPEND_AND_NOAPPEND) == APPEND_AND_NOAPPEND)
		return false;
	len = request_length(rq);
	if (!len)
		return false;
	return !rq->positional || (rq->pos >= 0 && rq->pos <= (int64_t)(INT64_MAX - len));
}

/*
 * Beyond what this machine surely leaves to programs: addresses with a higher bit than any of our own stack's,
 * which is near the top (with 39-bit addresses as with 48-bit ones). On a 32-bit machine the stack's highest bit
 * says nothing: there the kernel may begin at 2 GiB. It may leave more: then the kernel decides.
 */
static bool reaches_high(const struct iovec *iov)
{
	uintptr_t start = (uintptr_t)iov->iov_base;
	uintptr_t end = start + iov->iov_len;
	uintptr_t sure = sizeof(sure) == 8 ? (uintptr_t)__builtin_frame_address(0) : INT32_MAX;

	return end < start || (end > sure && (end ^ sure) > sure);
}

static bool importable(const struct iovec *iov, int count)
{
	return import(iov, count) != -EFAULT;
}

bool request_in_user_space(const struct request *rq, bool sure)
{
	const struct iovec *iov = rq->iov;

	for (int i = 0; i < rq->count && !sure; i++)
		sure = reaches_high(&iov[i]);
	if (!sure)
		return true;
	/* read(2) checks its buffer as it is; an imported iovec, and that of an iocb, are cut to MAX_RW_COUNT first. */
	if (rq->vectored || rq->move)
		return importable(iov, rq->count);
	const struct iovec last = { (void *)((uintptr_t)iov->iov_base + iov->iov_len - 1), 1 };

	/* For a wider kernel such a range goes on above 4 GiB. */
	return last.iov_base >= iov->iov_base ? importable(&last, 1) : kernel_is_wider();
}

size_t request_length(const struct request *rq)
{
	size_t max = PLAN_MAX_RW(getpagesize());
	size_t len = 0;

	for (int i = 0; i < rq->count; i++) {
		if (rq->iov[i].iov_len > max - len)
			return max;
		len += rq->iov[i].iov_len;
	}
	return len;
}

uintptr_t request_addresses(const struct request *rq)
{
	uintptr_t all = 0;
	size_t len = 0;

	for (int i = 0; i < rq->count; i++) {
		/* The kernel skips empty pieces, but Linux 7.2 looks at the address of the first. */
		if (!rq->iov[i].iov_len && len)
			continue;
		len |= rq->iov[i].iov_len;
		all |= (uintptr_t)rq->iov[i].iov_base;
		if (rq->count > 1)
			all |= rq->iov[i].iov_len;
	}
	return len ? all : 0;
}

struct cursor request_cursor(const struct request *rq)
{
	struct cursor start = cursor_at_start(rq->iov, rq->count);

	start.checked = rq->checked;
	start.tally = rq->tally;
	return start;
}

bool request_appends(const struct request *rq, const struct descriptor *d)
{
	if (!rq->write || d->block_device || (rq->flags & KERNEL_RWF_NOAPPEND))
		return false;
	return (d->flags & O_APPEND) || (rq->flags & KERNEL_RWF_APPEND);
}

bool request_synchronous(const struct request *rq, const struct descriptor *d)
{
	return (d->flags & O_DSYNC) || (rq->flags & (KERNEL_RWF_DSYNC | KERNEL_RWF_SYNC));
}

static long issue_call(const struct request *rq)
{
	const struct iovec *iov = rq->iov;
	const int64_t pos = rq->positional ? rq->pos : -1; /* only calls with flags accept -1 */
	int takes = transfer_takes(rq->nr);

	if (!(takes & TRANSFER_VECTOR))
		return takes & TRANSFER_OFFSET
			       ? sys(rq->nr, rq->fd, iov->iov_base, iov->iov_len, SYS64_EVEN(pos))
			       : sys(rq->nr, rq->fd, iov->iov_base, iov->iov_len);
	if (!(takes & TRANSFER_OFFSET))
		return sys(rq->nr, rq->fd, iov, rq->count);
	return takes & TRANSFER_FLAGS
		       ? sys(rq->nr, rq->fd, iov, rq->count, SYS64_IOV(pos), rq->flags)
		       : sys(rq->nr, rq->fd, iov, rq->count, SYS64_IOV(pos));
}

long request_issue(const struct request *rq)
{
	long ret = rq->issue ? rq->issue(rq) : issue_call(rq);

	tally_moved(rq->tally, ret);
	return ret;
}

struct request request_part(const struct request *rq, const struct cursor *c, size_t len,
			    struct iovec pieces[REQUEST_PIECES])
{
	struct request part = *rq;

	if (len < request_length(rq)) {
		part.iov = pieces;
		part.count = cursor_pieces(c, len, pieces, REQUEST_PIECES);
	}
	return part;
}

struct request request_at(const struct request *rq, const struct iovec *iov, int count,
			  uint64_t pos)
{
	struct request at = *rq;

	at.positional = true;
	at.pos = (int64_t)pos;
	at.iov = iov;
	at.count = count;
	at.nr = transfer_that_takes((rq->write ? TRANSFER_WRITE : 0) | TRANSFER_OFFSET |
				    (count > 1 || rq->flags ? TRANSFER_VECTOR : 0) |
				    (rq->flags ? TRANSFER_FLAGS : 0));
	return at;
}
