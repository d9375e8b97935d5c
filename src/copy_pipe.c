/*
 * Copies between a direct file and a pipe. See copy.h.
 *
 * The pages of a pipe come and go by vmsplice(2) and splice(2) with SPLICE_F_NONBLOCK, which leave
 * in the pipe what is not taken, and hold no more than fits. If the pipe is full or empty, the
 * program's own call is made again: it waits, and is refused only when it need not wait any longer.
 */
#include <fcntl.h>
#include <unistd.h>

#include "buffered.h"
#include "copy.h"
#include "copy_buffer.h"
#include "description.h"
#include "direct.h"
#include "plan.h"
#include "range.h"
#include "sys.h"
#include "write.h"

#ifndef SPLICE_F_NONBLOCK
#define SPLICE_F_NONBLOCK 2
#endif

static size_t min_size(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* No filter or old kernel must be taken for the pipe's own answer. */
static long pipe_answer(const struct copying *w, long ret)
{
	if (ret == -EAGAIN)
		return w->moved ? 0 : COPY_AGAIN;
	return ret < 0 && ret != -EPIPE ? COPY_ASIDE : ret;
}

/* Returns how much is worth reading for the pipe. */
static size_t pipe_room(const struct copying *w)
{
	long size = sys(SYS_fcntl, w->out.rq.fd, F_GETPIPE_SZ);

	return min_size(w->left, size > 0 && size < COPY_PIECE ? (size_t)size : COPY_PIECE);
}

/*
 * Gives one piece to the pipe: the pages themselves, each as it is in the file. They are not touched
 * again, and unmapped. Returns what stopped it; *full if the pipe took less.
 */
static long give_piece(struct copying *w, bool *full)
{
	size_t len = pipe_room(w);
	struct copy_buffer b;
	struct iovec iov;
	long ret;

	*full = true;
	if (!copy_buffer_map(&b, len))
		return COPY_ASIDE;
	iov.iov_base = copy_buffer_at(&b, w->in.pos, (size_t)getpagesize());
	ret = copy_read(w, iov.iov_base, len);
	if (ret > 0) {
		iov.iov_len = (size_t)ret;
		ret = pipe_answer(w, sys(SYS_vmsplice, w->out.rq.fd, &iov, 1L, SPLICE_F_NONBLOCK));
	}
	copy_buffer_unmap(&b);
	if (ret <= 0)
		return ret;
	copy_advance(w, (size_t)ret);
	*full = (size_t)ret < len;
	return 0;
}

long copy_to_pipe(struct copying *w)
{
	bool full = false;
	long ret = 0;

	while (w->left && !full && !ret)
		ret = give_piece(w, &full);
	return ret;
}

/* A splice(2) from the pipe to the file, as a request that can be made direct or buffered. */
struct taking {
	struct request rq; /* the first member */
	int pipe;
};

static long take(const struct request *rq)
{
	const struct taking *t = (const struct taking *)rq;
	int64_t pos = rq->pos;

	return sys(SYS_splice, t->pipe, NULL, rq->fd, &pos, rq->iov->iov_len, SPLICE_F_NONBLOCK);
}

static long take_step(struct copying *w, size_t len, bool direct)
{
	const struct iovec iov = { NULL, len };
	struct taking t = { request_at(&w->out.rq, &iov, 1, (uint64_t)w->out.pos), w->in.rq.fd };

	t.rq.issue = take;
	return direct ? direct_issue(&t.rq) : buffered_issue(&t.rq);
}

/*
 * Whole blocks go directly from the pages of the pipe if these are aligned; partial blocks, and
 * pages that are not, by a buffered write. What is not written stays in the pipe.
 */
static long take_steps(struct copying *w, uint64_t *buffered_from)
{
	const struct dio_align *g = &w->out.d.align;
	long ret = 0;

	while (w->left) {
		struct step step = plan_write(g, (uint64_t)w->out.pos, w->left, g->mem);
		bool direct = step.how == HOW_DIRECT;

		ret = take_step(w, step.len, direct);
		if (ret == -EINVAL && direct) {
			direct = false;
			ret = take_step(w, step.len, direct);
		}
		if (ret <= 0)
			break;
		if (!direct && *buffered_from == UINT64_MAX)
			*buffered_from = (uint64_t)w->out.pos;
		copy_advance(w, (size_t)ret);
	}
	return ret < 0 ? ret : 0;
}

/*
 * A write of several steps must not reach a limit with a later one: see limit_end() in write_range.c. Returns how much
 * is beyond it.
 */
static size_t cut_at_limit(struct copying *w)
{
	uint64_t limit = write_size_limit(&w->out.d);
	uint64_t pos = (uint64_t)w->out.pos;
	size_t beyond = 0;

	if (pos < limit && limit - pos < w->left) {
		beyond = w->left - (size_t)(limit - pos);
		w->left = limit - pos;
	}
	return beyond;
}

/*
 * The kernel's own call goes on at the limit if the pipe has more, and raises SIGXFSZ there. So this makes it
 * do so: with O_DIRECT off, because XFS looks at the alignment first.
 */
static void meet_limit(struct copying *w, size_t beyond)
{
	if (beyond && !w->left)
		take_step(w, beyond, false);
}

static long take_to_file(struct copying *w)
{
	uint64_t start = (uint64_t)w->out.pos;
	uint64_t buffered_from = UINT64_MAX;
	int range;
	size_t beyond = cut_at_limit(w);
	long ret;
	long err = 0;

	range = range_take(description_file_of(w->out.d.file), start, start + w->left);
	ret = take_steps(w, &buffered_from);
	meet_limit(w, beyond);
	range_end(range);
	if (buffered_from != UINT64_MAX && !request_synchronous(&w->out.rq, &w->out.d))
		err = buffered_sync(w->out.rq.fd, buffered_from, (uint64_t)w->out.pos);
	if (err) {
		/* Taken from the pipe, but not on the device: it does not count. */
		w->moved -= (uint64_t)w->out.pos - buffered_from;
		w->out.pos = (int64_t)buffered_from;
		return err;
	}
	if (ret == -EAGAIN)
		return w->moved ? 0 : COPY_AGAIN;
	return ret;
}

/*
 * A block device takes no buffered writes (sector.h), so the data is taken out of the pipe first.
 * Only as much as the device has room for: then nothing but its failure loses any.
 */
static long take_to_device(struct copying *w)
{
	uint64_t room = w->out.d.size - (uint64_t)w->out.pos;
	struct copy_buffer b;
	struct iovec iov = { .iov_len = min_size(min_size(w->left, room), COPY_PIECE) };
	long ret;

	if (!copy_buffer_map(&b, iov.iov_len))
		return COPY_ASIDE;
	iov.iov_base = copy_buffer_at(&b, w->out.pos, (size_t)getpagesize());
	ret = pipe_answer(w, sys(SYS_vmsplice, w->in.rq.fd, &iov, 1L, SPLICE_F_NONBLOCK));
	if (ret > 0)
		ret = copy_write(w, iov.iov_base, (size_t)ret);
	copy_buffer_unmap(&b);
	if (ret > 0)
		copy_advance(w, (size_t)ret);
	return ret < 0 ? ret : 0;
}

long copy_from_pipe(struct copying *w)
{
	if (!w->out.d.block_device || (uint64_t)w->out.pos >= w->out.d.size)
		return take_to_file(w);
	/* vmsplice(2) reads only through a descriptor that cannot write. */
	if ((w->in.d.flags & O_ACCMODE) != O_RDONLY)
		return COPY_ASIDE;
	return take_to_device(w);
}
