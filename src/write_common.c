/* What the ways of writing have in common. See write.h. */
#include "write.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/resource.h>

#include "bounce.h"
#include "direct.h"
#include "sys.h"

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20 /* Linux 6.9 */
#endif

bool write_appends(const struct request *rq, const struct descriptor *d)
{
	if (d->block_device || (rq->flags & RWF_NOAPPEND))
		return false;
	return (d->flags & O_APPEND) || (rq->flags & RWF_APPEND);
}

bool write_synchronous(const struct request *rq, const struct descriptor *d)
{
	return (d->flags & O_DSYNC) || (rq->flags & (RWF_DSYNC | RWF_SYNC));
}

uint64_t write_size_limit(const struct descriptor *d)
{
	struct rlimit limit;

	if (d->block_device || sys(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit))
		return UINT64_MAX;
	return limit.rlim_cur;
}

size_t write_readable(const struct cursor *from, const struct descriptor *d, uint64_t pos, size_t len)
{
	bool limited = d->known && !usermem_uncheckable() && from->checked < len;
	size_t good = limited ? from->checked : len;

	if (!good && (d->block_device || pos >= write_size_limit(d)))
		return len;
	return good;
}

long write_bounced(const struct request *rq, size_t len)
{
	struct cursor from = request_cursor(rq);
	struct bounce b = { 0 };
	long ret = -ENOMEM;

	if (!bounce_get(&b, len))
		return -ENOMEM;
	if (b.size >= len) {
		ret = -EFAULT;
		if (usermem_gather(&from, b.addr, len) == len)
			ret = direct_issue_on(rq, b.addr, len);
	}
	bounce_put(&b);
	return ret;
}
