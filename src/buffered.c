/* Calls through the page cache, on an O_DIRECT descriptor. See buffered.h. */
#include "buffered.h"

#include <fcntl.h>
#include <stdbool.h>

#include "async.h"
#include "disable.h"
#include "gate.h"
#include "recording.h"
#include "sys64.h"
#include "tally.h"
#include "window.h"

/*
 * Returns whether to retry after EINVAL. Somebody may have set O_DIRECT again during our call:
 * another process, or one that does not know of our windows. An EINVAL with another cause is not
 * retried endlessly: the call may have side effects (a FUSE server gets each one).
 */
static bool try_again(int fd, int *quiet)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	if (flags < 0)
		return false;
	return (flags & O_DIRECT) || (*quiet)-- > 0;
}

/* A buffered call: in the gate's window, or in one of its own if there is no gate. */
struct buffered {
	struct async_hold hold;
	struct gate *gate;
	struct window window;
	bool cleared;
};

static void begin_buffered(struct buffered *b, const struct request *rq)
{
	*b = (struct buffered){ 0 };
	async_hold_begin(&b->hold, rq);
	b->gate = gate_enter_buffered(rq->key, rq->fd);
	if (!b->gate) {
		window_open(&b->window, rq->key);
		window_clear_direct(rq->fd, &b->cleared);
	}
	if (unlikely(b->hold.lock >= 0))
		async_drain(rq);
}

static void end_buffered(struct buffered *b, const struct request *rq)
{
	if (b->gate) {
		gate_leave_buffered(b->gate, rq->fd);
	} else {
		if (b->cleared || b->window.taken_over)
			window_set_direct(rq->fd);
		window_close(&b->window);
	}
	async_hold_end(&b->hold);
}

static bool clear_again(struct buffered *b, int fd)
{
	bool cleared = false;

	if (!window_clear_direct(fd, &cleared))
		return false;
	b->cleared = b->cleared || cleared;
	if (cleared && b->gate)
		gate_cleared(b->gate);
	return true;
}

static long issue_buffered(struct buffered *b, const struct request *rq)
{
	enum { TRIES = 1000, IN_A_ROW = 16, QUIET = 4 };
	int quiet = QUIET;
	long ret = -EINVAL;

	for (int i = 0; i < TRIES && ret == -EINVAL; i++) {
		ret = request_issue(rq);
		if (ret != -EINVAL || !try_again(rq->fd, &quiet))
			break;
		/* If O_DIRECT cannot be cleared, this refusal is the answer. */
		if (!clear_again(b, rq->fd))
			break;
		if (i >= IN_A_ROW)
			sys(SYS_sched_yield);
	}
	return ret;
}

long buffered_issue(const struct request *rq)
{
	struct buffered b;
	long ret;

	recording_buffered_begins();
	begin_buffered(&b, rq);
	ret = issue_buffered(&b, rq);
	end_buffered(&b, rq);
	recording_buffered_ends();
	tally_buffered(rq->tally, ret);
	return ret;
}

long buffered_call(const struct request *rq, long (*call)(void *arg), void *arg)
{
	struct buffered b;
	long ret;

	recording_buffered_begins();
	begin_buffered(&b, rq);
	ret = call(arg);
	end_buffered(&b, rq);
	recording_buffered_ends();
	return ret;
}

void buffered_repair(int fd, uint32_t key)
{
	const struct request rq = { .fd = fd, .key = key };
	struct buffered b;

	if (!window_is_stale(key))
		return;
	begin_buffered(&b, &rq);
	end_buffered(&b, &rq);
}

/*
 * Returns whether the device failed, and not only this way of asking (seccomp, a file system
 * without it).
 */
static bool device_failed(long err)
{
	return err == -EIO || err == -ENOSPC || err == -EDQUOT || err == -ENXIO;
}

long buffered_sync(int fd, uint64_t start, uint64_t end)
{
	long err = sys_sync_file_range(fd, (int64_t)start, (int64_t)(end - start),
				       SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					       SYNC_FILE_RANGE_WAIT_AFTER);

	if (!err || device_failed(err))
		return err;
	err = sys(SYS_fdatasync, fd);
	return device_failed(err) ? err : 0;
}

void buffered_sync_start(int fd, uint64_t start, uint64_t end)
{
	if (!(disabled & DISABLE_PREFETCH))
		sys_sync_file_range(fd, (int64_t)start, (int64_t)(end - start),
				    SYNC_FILE_RANGE_WRITE);
}
