/* Direct I/O while others share the description. See direct.h. */
#include "direct.h"

#include <fcntl.h>

#include "buffered.h"
#include "gate.h"
#include "sys64.h"
#include "tally.h"
#include "window.h"

long direct_settle(int fd, bool write, int64_t pos, uint64_t len)
{
	uint64_t start = pos < 0 ? 0 : (uint64_t)pos;
	uint64_t end = pos < 0 ? 0 : start + len;
	uint64_t page = getpagesize();

	if (write)
		return buffered_sync(fd, start, end);
	/* Whole pages: POSIX_FADV_DONTNEED leaves partial ones. */
	start &= ~(page - 1);
	end = (end + page - 1) & ~(page - 1);
	sys_fadvise(fd, (int64_t)start, (int64_t)(end - start), POSIX_FADV_DONTNEED);
	return 0;
}

/*
 * Waits until no other process has O_DIRECT off; the gate keeps those of this process out. Returns
 * whether the call that follows may be buffered nevertheless. *since: for window_met().
 */
static bool wait_for_windows(uint32_t key, uint64_t *since)
{
	*since = window_now(key);
	if (likely(!window_count(*since)) || !window_is_open(key))
		return false;
	window_wait(key);
	*since = window_now(key);
	return window_is_open(key);
}

long direct_issue(const struct request *rq)
{
	struct gate *g = gate_enter_direct(rq->key);
	uint64_t since;
	bool met;
	long ret;
	long err;

	met = wait_for_windows(rq->key, &since);
	ret = request_issue(rq);
	met = met || window_met(rq->key, since);
	gate_leave_direct(g);
	if (likely(!met)) {
		tally_direct(rq->tally, ret);
		return ret;
	}
	buffered_repair(rq->fd, rq->key);
	if (ret <= 0)
		return ret;
	tally_buffered(rq->tally, ret);
	err = direct_settle(rq->fd, rq->write, rq->positional ? rq->pos : -1, (uint64_t)ret);
	return err ? err : ret;
}

long direct_issue_on(const struct request *rq, void *addr, size_t len)
{
	const struct iovec iov = { addr, len };
	struct request other = *rq;

	other.iov = &iov;
	other.count = 1;
	return direct_issue(&other);
}

long direct_issue_at(const struct request *rq, const struct iovec *iov, int count, uint64_t pos)
{
	struct request at = request_at(rq, iov, count, pos);

	return direct_issue(&at);
}
