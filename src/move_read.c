/*
 * How the data of a read is moved. See move.h.
 *
 * Always by direct I/O on the aligned range around the wanted bytes: nothing is left in the page
 * cache and nothing is read ahead. The page cache is used only where direct I/O is impossible.
 */
#include "move.h"

#include <sys/uio.h>

#include "bounce.h"
#include "buffered.h"
#include "direct.h"
#include "offset.h"
#include "sys.h"
#include "tally.h"
#include "turn.h"
#include "usermem.h"

/* A read of a range in progress. */
struct reading {
	const struct request *rq;
	struct descriptor *d;
	struct cursor to; /* the next byte, in the program's memory */
	uint64_t pos;	  /* the next byte, in the file */
	uint64_t end;
	bool copy;	    /* the program's own memory cannot be used for direct I/O */
	bool buffered_only; /* direct I/O cannot be used for the rest */
	bool file_end;
};

static size_t min_size(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Stores the plan's pieces as one iovec. Returns how many. */
static int pieces_of(const struct read_plan *p, const struct reading *r, const struct bounce *b,
		     struct iovec *iov)
{
	char *to = (char *)cursor_address(&r->to);
	int n = 0;

	if (p->head)
		iov[n++] = (struct iovec){ b->addr, p->head };
	if (p->own)
		iov[n++] = (struct iovec){ to + (p->start + p->head - r->pos), p->own };
	if (p->tail)
		iov[n++] = (struct iovec){ b->addr + p->head, p->tail };
	return n;
}

/*
 * Copies what came through the bounce buffer to the program. Returns how many of `useful` bytes
 * arrived.
 */
static size_t deliver(struct reading *r, const struct read_plan *p, const struct bounce *b,
		      size_t useful)
{
	size_t head = p->head ? min_size(useful, p->head - p->skip) : 0;
	size_t own = min_size(useful - head, p->own);
	size_t tail = useful - head - own;
	size_t done = usermem_scatter(&r->to, b->addr + p->skip, head);

	if (done < head)
		return done;
	cursor_advance(&r->to, own);
	return head + own + usermem_scatter(&r->to, b->addr + p->head, tail);
}

/*
 * Returns whether a short count means the end of the file: it is no multiple of the alignment, or
 * reaches the size. If not, a device may have returned less than it could, and the next read, from
 * an aligned offset, will tell.
 */
static bool ends_file(const struct reading *r, const struct read_plan *p, size_t got)
{
	size_t span = p->head + p->own + p->tail;

	if (got >= span)
		return false;
	return !got || (got & (r->d->align.offset - 1)) || p->start + got >= r->d->size;
}

static bool try_otherwise(long ret)
{
	return ret == -EINVAL || ret == -EFAULT;
}

/*
 * Makes one direct read. Returns the bytes delivered, or a negative errno; 0: try again,
 * differently.
 */
static long read_direct(struct reading *r, struct bounce *b)
{
	size_t len = r->end - r->pos;
	uintptr_t own = r->copy ? 0 : cursor_address(&r->to);
	struct read_plan p = plan_read(&r->d->align, r->pos, len, own, b->size);
	struct iovec iov[3] = { 0 };
	size_t useful;
	size_t done;
	long got = direct_issue_at(r->rq, iov, pieces_of(&p, r, b, iov), p.start);

	if (got == -EFAULT && p.own && !r->copy) {
		r->copy = true;
		return 0;
	}
	if (try_otherwise(got)) {
		if (got != -EINVAL || !descriptor_guess_more(r->d))
			r->buffered_only = true;
		if (got == -EINVAL && r->buffered_only)
			tally_refused(r->rq->tally, r->d->known);
		return 0;
	}
	if (got < 0)
		return got;
	useful = plan_read_useful(&p, got, len);
	done = deliver(r, &p, b, useful);
	/* The memory cannot be written: retry buffered, so that the kernel chooses the error. */
	if (done < useful)
		r->buffered_only = true;
	else
		r->file_end = ends_file(r, &p, got);
	return done;
}

static long read_buffered(struct reading *r)
{
	size_t len = r->end - r->pos;
	struct iovec pieces[REQUEST_PIECES];
	struct request at = request_part(r->rq, &r->to, len, pieces);
	long ret;

	at = request_at(&at, at.iov, at.count, r->pos);
	ret = buffered_issue(&at);
	r->file_end = !ret;
	if (ret > 0)
		cursor_advance(&r->to, ret);
	return ret;
}

/* Returns what the whole read would put into a bounce buffer of any size. */
static size_t bounce_wanted(const struct reading *r)
{
	struct read_plan p = plan_read(&r->d->align, r->pos, r->end - r->pos,
				       cursor_address(&r->to), SIZE_MAX / 2 + 1);

	return p.head + p.tail;
}

/* Returns how much of `len` bytes at `pos` there is to read, by the size that was seen. */
static size_t bytes_there(const struct descriptor *d, int64_t pos, size_t len)
{
	if (pos < 0 || (uint64_t)pos >= d->size)
		return 0;
	return min_size(len, d->size - (uint64_t)pos);
}

/*
 * Returns whether the memory for these bytes is good, and touches it. If it is not, the kernel's own copy is the
 * answer, with nothing taken: what looks bad may be memory that another thread has to supply, which may need that
 * (before Linux 5.14, see page_good() in usermem.c).
 */
static bool memory_is_good(struct request *rq, size_t len)
{
	struct cursor to = request_cursor(rq);

	if (rq->checked < len)
		rq->checked = usermem_check(&to, len, USERMEM_WRITE);
	return rq->checked >= len;
}

static long read_range(struct request *rq, struct descriptor *d, uint64_t start, size_t len)
{
	bool good = memory_is_good(rq, bytes_there(d, start, len));
	struct reading r = {
		.rq = rq,
		.d = d,
		.to = request_cursor(rq),
		.pos = start,
		.end = start + len,
	};
	struct bounce b = { 0 };
	long ret = 0;

	/*
	 * Where the size is exact, a direct read need not go beyond the block in which the file ends.
	 */
	if (d->strict && start >= d->size)
		return 0;
	if (d->strict && r.end > d->size)
		r.end = d->size;
	r.buffered_only = !good || !bounce_get(&b, bounce_wanted(&r));
	while (r.pos < r.end && !r.file_end) {
		/* The kernel may wait for the memory then, and the thread that supplies it for this buffer. */
		if (r.buffered_only)
			bounce_put(&b);
		ret = r.buffered_only ? read_buffered(&r) : read_direct(&r, &b);
		if (ret < 0)
			break;
		r.pos += ret;
	}
	bounce_put(&b);
	return r.pos > start ? (long)(r.pos - start) : ret;
}

/*
 * Reads all of it in one call of the same kind into aligned memory, so that the kernel takes care
 * of the offset. Returns -EINVAL if that is not possible.
 */
static long read_bounced(const struct request *rq, size_t len)
{
	struct cursor to = request_cursor(rq);
	struct bounce b = { 0 };
	size_t done = 0;
	long ret = -EINVAL;

	if (!bounce_get(&b, len))
		return -EINVAL;
	if (b.size >= len)
		ret = direct_issue_on(rq, b.addr, len);
	if (ret > 0)
		done = usermem_scatter(&to, b.addr, ret);
	bounce_put(&b);
	if (ret <= 0)
		return ret;
	if (done < (size_t)ret)
		offset_return(rq->fd, offset_now(rq->fd), ret - done);
	/* Not one byte could be delivered: the kernel chooses the error for such memory. */
	return done ? (long)done : buffered_issue(rq);
}

/*
 * Reads at the description's offset, in one call of the kernel. Returns -EINVAL if it takes more
 * than one.
 */
static long read_at_once(struct request *rq, const struct descriptor *d, int64_t pos, size_t len)
{
	if (plan_misaligned(&d->align, pos, len, 0))
		return -EINVAL;
	/* Memory that cannot be pinned fails with EFAULT. */
	if (!plan_misaligned(&d->align, pos, len, request_addresses(rq))) {
		long ret = direct_issue(rq);

		if (ret != -EFAULT)
			return ret;
	}
	return memory_is_good(rq, bytes_there(d, pos, len)) ? read_bounced(rq, len) : -EINVAL;
}

/* Reads at the end, as far as is known. A file whose size says nothing (FUSE) may have more. */
static long read_at_end(struct request *rq, struct descriptor *d, int64_t start, size_t len)
{
	long ret = read_range(rq, d, start, len);

	if (ret > 0)
		offset_take(rq->fd, ret);
	return ret;
}

/*
 * Reads with the turn held. A read of several steps takes no more of the offset than the file has:
 * the next call must find the offset where the kernel's own read would have left it.
 */
static long read_at_offset(struct request *rq, struct descriptor *d, size_t len)
{
	int64_t start = offset_now(rq->fd);
	size_t there;
	long ret;

	/* No offset is available (seccomp). */
	if (start < 0)
		return buffered_issue(rq);
	/* The kernel refuses that, direct or not. */
	if (start > INT64_MAX - (int64_t)len)
		return request_issue(rq);
	tally_at(rq->tally, start);
	ret = read_at_once(rq, d, start, len);
	/* EIO may be about what is beyond the end of the file (rescue.c). */
	if (!try_otherwise(ret) && ret != -EIO)
		return ret;
	/* The file may have grown while we waited for the turn. */
	descriptor_look_size(rq->fd, d);
	there = bytes_there(d, start, len);
	if (!memory_is_good(rq, there))
		return buffered_issue(rq);
	if (!there)
		return read_at_end(rq, d, start, len);
	start = offset_take(rq->fd, there);
	/* Beyond the end of a device, or further than an offset can go. */
	if (start < 0)
		return buffered_issue(rq);
	tally_at(rq->tally, start);
	ret = read_range(rq, d, start, there);
	offset_return(rq->fd, start + (int64_t)there, there - (ret > 0 ? ret : 0));
	return ret;
}

long move_read(struct request *rq, struct descriptor *d)
{
	size_t len = request_length(rq);
	struct gate *turn;
	long ret;

	/* Touch the memory before taking anything that others may wait for. */
	memory_is_good(rq, bytes_there(d, rq->positional ? rq->pos : offset_now(rq->fd), len));
	if (rq->positional)
		return read_range(rq, d, rq->pos, len);
	turn = turn_take(rq->key);
	ret = read_at_offset(rq, d, len);
	turn_end(turn);
	return ret;
}
