/* Files on which the file system refuses O_DIRECT. See refused.h. */
#include "refused.h"

#include <fcntl.h>

#include "bounce.h"
#include "buffered.h"
#include "description.h"
#include "direct.h"
#include "gate.h"
#include "hint.h"
#include "offset.h"
#include "record_refused.h"
#include "sys64.h"
#include "tally.h"
#include "window.h"

enum {
	/* More than any file system requires, and than is guessed (descriptor.h). */
	PROBE_SIZE = 256 << 10,

	/*
	 * The largest folio of the page cache. One that reaches beyond the end of a read is not dropped
	 * with it, but together with what comes next: on compressed erofs, a file that was read from its
	 * beginning to its end was in the page cache as a whole without this, and not at all with it.
	 */
	FOLIO_MOST = 2 << 20,
};

bool refused_buffered;

bool refused_is(int fd)
{
	if (!description_refused(fd))
		return false;
	if (description_refused_on(fd, descriptor_file(fd)))
		return true;
	/* The number was closed and given out again unseen. */
	description_set_refused(fd, 0);
	return false;
}

/* Calls for all numbers of the description, as far as they are known. */
static void mark(int fd, uint64_t file)
{
	const uint32_t key = description_key(fd);

	description_set_refused(fd, file);
	if (!key || !description_is_certain(key))
		return;
	for (uint32_t other = 0; other <= atomic_load(&hint_top); other++)
		if (hint_get((int)other) && description_key((int)other) == key)
			description_set_refused((int)other, file);
}

void refused_opened(int fd)
{
	const long flags = sys(SYS_fcntl, fd, F_GETFL);
	const uint64_t file = flags < 0 || (flags & (O_DIRECT | O_PATH)) ? 0 : descriptor_file(fd);

	if (!file)
		return;
	description_set_refused(fd, file);
	record_refused(fd, SYS_openat);
}

long refused_advice(int fd)
{
	/* Nothing is dropped: there is no whole page in it. */
	return sys_fadvise(fd, 0, 1, POSIX_FADV_DONTNEED);
}

int refused_set_flags(call_fcntl *next, int fd, int flags)
{
	const int before = errno;
	const int ret = next(fd, F_SETFL, flags);
	bool refused = false;
	uint64_t file;

	if (flags & O_DIRECT)
		refused = ret ? errno == EINVAL : refused_advice(fd) == -EINVAL;
	if (!refused) {
		if (!ret)
			mark(fd, 0);
		return ret;
	}
	/* If this fails, too, the reason is another one, or it is a pipe, and the first answer stands. */
	file = descriptor_file(fd);
	if (!file || next(fd, F_SETFL, flags & ~O_DIRECT))
		return ret;
	mark(fd, file);
	record_refused(fd, SYS_fcntl);
	errno = before;
	return 0;
}

/* Returns whether a read is refused that suits every alignment. It changes nothing. */
static bool read_refused(const struct request *rq)
{
	struct bounce b = { 0 };
	struct iovec iov;
	struct request read = {
		.nr = SYS_pread64,
		.fd = rq->fd,
		.positional = true,
		.count = 1,
		.iov = &iov,
		.key = rq->key,
	};
	long ret;

	if (!bounce_get(&b, PROBE_SIZE))
		return false;
	iov = (struct iovec){ b.addr, b.size < PROBE_SIZE ? b.size : PROBE_SIZE };
	ret = direct_issue(&read);
	bounce_put(&b);
	return ret == -EINVAL;
}

/* As a program's F_SETFL: no thread has O_DIRECT off, and no process that knows of windows. */
static bool take_off(int fd, uint32_t key)
{
	struct gate *g = gate_enter_direct(key);
	struct window w;
	bool cleared = false;
	bool off;

	window_open(&w, key);
	off = window_clear_direct(fd, &cleared);
	window_close(&w);
	gate_leave_direct(g);
	return off;
}

void refused_by_calls(const struct request *rq, const struct descriptor *d, uint32_t block,
		      long ret)
{
	const int before = errno;
	bool tried = d->align.offset > block;
	bool all;

	/*
	 * A descriptor that is not open for reading cannot be asked. There it is enough that a call which
	 * was aligned to the file system's block has been refused.
	 */
	all = refused_advice(rq->fd) == -EINVAL ||
	      ((d->flags & O_ACCMODE) == O_WRONLY ? tried : read_refused(rq));
	if (!all || !take_off(rq->fd, rq->key))
		return;
	mark(rq->fd, d->file);
	tally_done(rq->tally, DONE_GIVEN_UP);
	record_refused(rq->fd, RECORD_NO_LINE);
	if (ret > 0)
		refused_moved(rq->fd, rq->write, rq->positional ? rq->pos : REFUSED_IMPLIED, ret);
	errno = before;
}

/* Drops a range from the page cache, with the folios that reach into it. */
static void drop(int fd, int64_t pos, uint64_t len)
{
	const uint64_t page = (uint64_t)getpagesize();
	uint64_t start = pos < FOLIO_MOST ? 0 : ((uint64_t)pos - FOLIO_MOST) & ~(page - 1);
	uint64_t end = pos < 0 ? 0 : ((uint64_t)pos + len + page - 1) & ~(page - 1);

	sys_fadvise(fd, (int64_t)start, (int64_t)(end - start), POSIX_FADV_DONTNEED);
}

/*
 * Brings to the device what was written, as a direct write would have. Where the offset was implied,
 * another thread may have moved it since, so all of the file is.
 */
static long sync_written(int fd, long flags, int64_t pos, uint64_t len)
{
	if (flags & O_DSYNC)
		return 0;
	if (pos < 0 || (flags & O_APPEND))
		return buffered_sync(fd, 0, 0);
	return buffered_sync(fd, (uint64_t)pos, (uint64_t)pos + len);
}

ssize_t refused_moved(int fd, bool write, int64_t pos, ssize_t ret)
{
	long flags;
	long err = 0;

	if (likely(!description_refused(fd)))
		return ret;
	flags = sys(SYS_fcntl, fd, F_GETFL);
	/* Somebody has made it direct, or the mark is about another file. */
	if (flags < 0 || (flags & O_DIRECT) || !refused_is(fd))
		return ret;
	if (write)
		err = sync_written(fd, flags, pos, (uint64_t)ret);
	if (pos == REFUSED_IMPLIED) {
		pos = offset_now(fd) - ret;
		if (pos < 0)
			pos = REFUSED_UNKNOWN;
	} else if (write && (flags & O_APPEND)) {
		pos = REFUSED_UNKNOWN;
	}
	drop(fd, pos, (uint64_t)ret);
	if (!err)
		return ret;
	errno = (int)-err;
	return -1;
}
