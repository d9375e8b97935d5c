/* Calls through the page cache, on a descriptor that is O_DIRECT. See cached.h. */
#include "cached.h"

#include <fcntl.h>
#include <stdbool.h>

#include "recording.h"
#include "sys.h"
#include "tally.h"
#include "without.h"

/* The flags are read just before they are set: the program may change others of them meanwhile. */
static bool set_direct(int fd, bool direct)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);
	long wanted = direct ? flags | O_DIRECT : flags & ~(long)O_DIRECT;

	if (flags < 0)
		return false;
	return flags == wanted || !sys(SYS_fcntl, fd, F_SETFL, wanted);
}

static long issue_buffered(const struct request *rq)
{
	enum { TRIES = 1000, IN_A_ROW = 16 };
	long ret = -EINVAL;

	/*
	 * Another thread's call may end here and switch O_DIRECT on under ours, any number of times, and
	 * a look at the flags afterwards proves nothing. An ordinary descriptor has hardly a reason to
	 * say EINVAL to a request that has come this far; one that still does means it.
	 */
	for (int i = 0; i < TRIES && ret == -EINVAL; i++) {
		/* Not to be switched off: then the refusal of the misaligned call is the answer. */
		if (!set_direct(rq->fd, false))
			return -EINVAL;
		ret = request_issue(rq);
		if (i >= IN_A_ROW)
			sys(SYS_sched_yield);
	}
	set_direct(rq->fd, true);
	return ret;
}

long cached_issue(const struct request *rq)
{
	long ret;

	recording_buffered_begins();
	ret = issue_buffered(rq);
	recording_buffered_ends();
	tally_cached(rq->tally, ret);
	return ret;
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
