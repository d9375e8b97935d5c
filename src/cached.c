/* Calls through the page cache, on a descriptor that is O_DIRECT. See cached.h. */
#include "cached.h"

#include <fcntl.h>
#include <stdbool.h>

#include "gate.h"
#include "recording.h"
#include "sys.h"
#include "tally.h"
#include "window.h"
#include "without.h"

/*
 * An EINVAL may mean that somebody has set O_DIRECT again under our call: another process, or one that
 * does not know of our windows. One that is meant is not asked for again without end: the call may have
 * side effects (a FUSE server gets each one).
 */
static bool try_again(int fd, uint32_t key, uint64_t since, int *quiet)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	if (flags < 0)
		return false;
	return (flags & O_DIRECT) || window_met(key, since) || (*quiet)-- > 0;
}

static long issue_buffered(const struct request *rq)
{
	enum { TRIES = 1000, IN_A_ROW = 16, QUIET = 4 };
	int quiet = QUIET;
	long ret = -EINVAL;

	for (int i = 0; i < TRIES && ret == -EINVAL; i++) {
		uint64_t since = window_now(rq->key);

		ret = request_issue(rq);
		if (ret != -EINVAL || !try_again(rq->fd, rq->key, since, &quiet))
			break;
		/* Not to be switched off: then the refusal of the misaligned call is the answer. */
		if (!window_switch(rq->fd, false))
			break;
		if (i >= IN_A_ROW)
			sys(SYS_sched_yield);
	}
	return ret;
}

/* With no gate each call has a window of its own. */
static void enter(struct gate *g, struct window *w, const struct request *rq)
{
	if (g) {
		gate_enter_buffered(g, rq->fd);
	} else {
		window_open(w, rq->key);
		window_switch(rq->fd, false);
	}
}

static void leave(struct gate *g, struct window *w, const struct request *rq)
{
	if (g) {
		gate_leave_buffered(g, rq->fd);
	} else {
		window_switch(rq->fd, true);
		window_close(w);
	}
}

long cached_issue(const struct request *rq)
{
	struct gate *g = gate_get_for_io(rq->key);
	struct window w;
	long ret;

	recording_buffered_begins();
	enter(g, &w, rq);
	ret = issue_buffered(rq);
	leave(g, &w, rq);
	recording_buffered_ends();
	gate_put(g);
	tally_cached(rq->tally, ret);
	return ret;
}

void cached_repair(int fd, uint32_t key)
{
	const struct request rq = { .fd = fd, .key = key };
	struct gate *g;
	struct window w;

	if (!window_is_stale(key))
		return;
	g = gate_get_for_io(key);
	enter(g, &w, &rq);
	leave(g, &w, &rq);
	gate_put(g);
}

/* Is it the device that failed, or only this way of asking? (seccomp, a file system without it) */
static bool device_failed(long err)
{
	return err == -EIO || err == -ENOSPC || err == -EDQUOT || err == -ENXIO;
}

long cached_sync(int fd, uint64_t start, uint64_t end)
{
	long err = sys(SYS_sync_file_range, fd, (long)start, (long)(end - start),
		       SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			       SYNC_FILE_RANGE_WAIT_AFTER);

	if (!err || device_failed(err))
		return err;
	err = sys(SYS_fdatasync, fd);
	return device_failed(err) ? err : 0;
}

void cached_sync_start(int fd, uint64_t start, uint64_t end)
{
	if (!(without & WITHOUT_PREFETCH))
		sys(SYS_sync_file_range, fd, (long)start, (long)(end - start), SYNC_FILE_RANGE_WRITE);
}
