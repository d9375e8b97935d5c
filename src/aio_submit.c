/* io_submit(2). See aio_submit.h. */
#include "aio_submit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>

#include "aio_bounce.h"
#include "aio_move.h"
#include "aio_plan.h"
#include "async.h"
#include "description.h"
#include "descriptor.h"
#include "direct.h"
#include "hint.h"
#include "pass.h"
#include "public.h"
#include "real.h"
#include "record_call.h"
#include "recording.h"
#include "rwf.h"
#include "refused.h"
#include "sigmask.h"
#include "sys.h"
#include "usermem.h"

enum {
	WATCHES = 4,	       /* descriptions of one run that are watched for windows */
	ALIGNED_ANYWAY = 4096, /* bytes; what requires more has reported so, and has a hint */
};

/* A description whose requests are passed on. */
struct watch {
	int fd;
	uint32_t key;
	uint64_t since; /* window_now() */
	bool write;
};

/* Consecutive iocbs that go to the kernel in one call. */
struct run {
	long count;
	bool counted; /* async_counts(): then a request on a direct file is a run of its own */
	bool window;  /* the only one, whose description has a window open or cannot be watched */
	struct pass pass;
	int watches;
	struct watch watch[WATCHES];
	struct iocb last; /* a copy of the last one, */
	bool changed;	  /* or of the one that comes next and must be made by aio_move() */
	struct usermem_peek peek;
	struct aio_change *change; /* of its only iocb; usually null */
};

static long kernel_submit(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	return real.syscall(SYS_io_submit, ctx, nr, iocbs);
}

/* What has to be aligned. */
struct shape {
	uintptr_t addrs;
	size_t lens; /* the OR of the whole length and of each piece's */
	uint64_t pos;
};

/*
 * Before Linux 6.18 each piece has to be as long as whole sectors (iov_iter_is_aligned()), not only all together. Later
 * kernels take more, but the refusal would come in the event, where it is too late to help (doc/design.md, Limits).
 */
static size_t lengths(const struct request *rq)
{
	size_t all = request_length(rq);

	for (int i = 0; rq->vectored && i < rq->count; i++)
		all |= rq->iov[i].iov_len;
	return all;
}

/* Returns false if the array cannot be read, or is none. */
static bool shape_of(struct run *r, const struct iocb *cb, struct shape *s)
{
	struct iovec one;
	const struct request rq = aio_request(cb, &one);

	if (rq.vectored && (rq.count < 1 || rq.count > IOV_MAX ||
			    !usermem_peek(&r->peek, rq.iov, (size_t)rq.count * sizeof(*rq.iov))))
		return false;
	s->addrs = request_addresses(&rq);
	s->lens = lengths(&rq);
	s->pos = (uint64_t)rq.pos;
	return true;
}

static bool multiple_of(const struct shape *s, uint64_t align)
{
	return !((s->addrs | s->lens | s->pos) & (align - 1));
}

/*
 * Looks at a number once: its alignments, and the file that it is on. Aligned requests need the second, in case
 * buffered writes are made beside them (async.h).
 */
static void look_once(int fd, bool write)
{
	struct descriptor d;

	if (description_file(fd) || !descriptor_look(fd, write, &d))
		return;
	if (d.known)
		hint_learn(fd, d.align.mem, d.align.offset);
	description_find(fd, d.file);
	description_set_appends(fd, d.flags & O_APPEND);
}

/*
 * Returns whether the number is known to be direct. One that was not seen to be opened shows itself to other calls
 * when the kernel refuses one; here it has to be asked. It is not asked about requests that suit every device, unless
 * they are to append.
 */
static bool is_direct(const struct iocb *cb, const struct shape *s)
{
	int fd = (int)cb->aio_fildes;
	long flags;

	if (hint_get(fd))
		return true;
	if (multiple_of(s, ALIGNED_ANYWAY) && !(cb->aio_rw_flags & KERNEL_RWF_APPEND))
		return false;
	flags = sys(SYS_fcntl, fd, F_GETFL);
	return flags >= 0 && (flags & O_DIRECT);
}

/*
 * Returns whether the kernel would refuse it because the file ends in the middle of a block: an append is written
 * there, whatever its offset.
 */
static bool refused_at_end(const struct iocb *cb, const struct shape *s)
{
	int fd = (int)cb->aio_fildes;
	struct descriptor d;
	struct iovec one;
	struct request rq;

	if (!aio_writes(cb) || !((cb->aio_rw_flags & KERNEL_RWF_APPEND) || description_appends(fd)))
		return false;
	rq = aio_request(cb, &one);
	return descriptor_look_ahead(fd, true, &d) && request_appends(&rq, &d) &&
	       plan_misaligned(&d.align, d.size, s->lens, s->addrs);
}

/* Returns whether the kernel would refuse it, as far as is known. */
static bool refused(const struct iocb *cb, const struct shape *s)
{
	int fd = (int)cb->aio_fildes;
	uint8_t hint = hint_get(fd);
	struct descriptor d;

	/*
	 * Not known, not to be remembered, or not for addresses (a guess that worked): then it is looked at
	 * each time, unless it is aligned to a page.
	 */
	if ((!hint || hint == HINT_DIRECT || !(hint >> 4)) && !multiple_of(s, ALIGNED_ANYWAY))
		return descriptor_look_ahead(fd, aio_writes(cb), &d) &&
		       plan_misaligned(&d.align, s->pos, s->lens, s->addrs);
	return hint_refuses(fd, s->addrs, s->lens, s->pos);
}

/* Watches the description. Returns false if there is no room, or if a window is open on it: then it goes alone. */
static bool watch(struct run *r, const struct iocb *cb)
{
	int fd = (int)cb->aio_fildes;
	uint32_t key = description_key(fd);
	uint64_t since;

	for (int i = 0; i < r->watches; i++)
		if (r->watch[i].key == key && r->watch[i].fd == fd) {
			r->watch[i].write |= aio_writes(cb);
			return true;
		}
	since = window_now(key);
	if (r->watches == WATCHES || window_count(since))
		return false;
	r->watch[r->watches++] = (struct watch){ fd, key, since, aio_writes(cb) };
	return true;
}

/* Adds the next iocb. Returns false if the run ends before it. */
static bool add(struct run *r, const struct iocb *cb)
{
	struct shape s = { 0 };
	bool shaped = aio_understood(cb) && shape_of(r, cb, &s);
	bool direct = shaped ? is_direct(cb, &s)
			     : aio_transfers(cb) && hint_get((int)cb->aio_fildes);

	if (direct)
		look_once((int)cb->aio_fildes, aio_writes(cb));
	if (direct && shaped && (refused(cb, &s) || refused_at_end(cb, &s))) {
		r->last = *cb;
		r->changed = true;
		return false;
	}
	if (direct) {
		r->window = !watch(r, cb);
		/* Goes alone, in the next run. */
		if ((r->window || r->counted) && r->count) {
			r->window = false;
			return false;
		}
		if (aio_writes(cb))
			async_write_begins();
	}
	r->last = *cb;
	return true;
}

/*
 * Looks for the run at the start of the array. From the first pointer on that is bad, all of it is one run: the kernel
 * stops there, too.
 */
static void look(struct run *r, long nr, struct iocb **iocbs)
{
	while (r->count < nr && !r->window) {
		if (!usermem_peek(&r->peek, (const void *)&iocbs[r->count], sizeof(void *)) ||
		    !usermem_peek(&r->peek, iocbs[r->count], sizeof(**iocbs))) {
			r->count = nr;
			return;
		}
		if (!add(r, iocbs[r->count]))
			return;
		r->count++;
		/*
		 * One by one: what is counted is what each asked for, and its memory may be used
		 * again afterwards. And see async.h.
		 */
		if (unlikely(recording.any) || (r->counted && r->watches))
			return;
	}
}

/* Returns what it asked for. The kernel has accepted its array, so that can be read. */
static ssize_t bytes_of(const struct iocb *cb)
{
	struct iovec one;
	const struct request rq = aio_request(cb, &one);

	return (ssize_t)request_length(&rq);
}

static void record(const struct iocb *cb, long ret)
{
	if (aio_transfers(cb))
		record_answered((int)cb->aio_fildes, aio_writes(cb) ? RECORD_WRITE : RECORD_READ,
				ret == 1 ? bytes_of(cb) : -1);
}

/* Without O_DIRECT, requests are made before io_submit(2) returns. */
static bool is_refused(int fd)
{
	return unlikely(refused_buffered) && refused_is(fd);
}

/*
 * Settles what may have met a window, or has no O_DIRECT (refused.h): then it went through the page cache, and has
 * ended. The whole file, because the requests may be gone by now, and an append is elsewhere. This has no errno: the
 * requests are submitted.
 */
static void settle(struct run *r, long ret)
{
	int after = errno;

	if (r->window && (r->pass.met || window_met(r->pass.key, r->pass.since) ||
			  is_refused((int)r->last.aio_fildes)))
		pass_settle(&r->pass, aio_writes(&r->last), -1,
			    ret == 1 ? bytes_of(&r->last) : ret);
	for (int i = 0; i < r->watches; i++)
		if (unlikely(window_met(r->watch[i].key, r->watch[i].since)) ||
		    is_refused(r->watch[i].fd))
			direct_settle(r->watch[i].fd, r->watch[i].write, -1, 0);
	errno = after;
}

/* Passes the run on. A description that has a window open is waited for first. */
static long pass_on(struct run *r, aio_context_t ctx, struct iocb **iocbs)
{
	long ret;

	if (unlikely(r->window))
		pass_begin(&r->pass, (int)r->last.aio_fildes, false);
	ret = kernel_submit(ctx, r->count, iocbs);
	if (unlikely(r->change))
		aio_change_end(r->change);
	if (unlikely(r->window) && r->pass.waited)
		pass_leave(&r->pass);
	return ret;
}

/* The same beside buffered writes (async.h): the run is one request. */
static long pass_on_counted(struct run *r, aio_context_t ctx, struct iocb **iocbs)
{
	int fd = (int)r->last.aio_fildes;
	struct sigmask signals;
	int lock;
	long ret;

	sigmask_hold(&signals);
	lock = async_submit_begin(fd);
	ret = pass_on(r, ctx, iocbs);
	async_submit_end(lock);
	sigmask_release(&signals);
	return ret;
}

/* Submits a run. Returns false if it has to be looked for again, because requests must go one by one now. */
static bool submit_run(struct run *r, aio_context_t ctx, struct iocb **iocbs, long *ret)
{
	if (!r->watches && !r->window) {
		*ret = pass_on(r, ctx, iocbs);
		return true;
	}
	if (r->counted) {
		*ret = pass_on_counted(r, ctx, iocbs);
	} else {
		if (!async_uncounted_begin())
			return false;
		*ret = pass_on(r, ctx, iocbs);
		async_uncounted_end();
	}
	settle(r, *ret);
	return true;
}

/*
 * Submits the next iocb, which would be refused, from bounce memory, like a run of its own. Returns false if it has
 * to be made in another way.
 */
COLD bool submit_bounced(struct run *r, aio_context_t ctx, struct iocb **iocbs, long *ret)
{
	struct aio_bounce b;
	bool over;

	if (!aio_bounce_begin(&b, iocbs[0], &r->last))
		return false;
	async_write_begins();
	r->change = &b.change;
	do {
		r->count = 1;
		r->counted = async_counts();
		r->watches = 0;
		r->window = !watch(r, &r->last);
	} while (!submit_run(r, ctx, iocbs, ret));
	/* Any other refusal is answered by aio_move(): somebody may have closed our eventfd. */
	over = *ret > 0 || errno == EAGAIN;
	aio_bounce_end(&b, *ret);
	r->watches = 0;
	r->window = false;
	r->change = NULL;
	return over;
}

/*
 * Submits the first run. Returns false if there is none, because the first iocb has to be made by aio_move().
 * `as_it_is`: then it is submitted as it is. This and make_first() are functions of their own, so that what one needs
 * is not on the stack while the other works.
 */
static __attribute__((noinline)) bool submit_first(aio_context_t ctx, long nr, struct iocb **iocbs,
						   bool as_it_is, long *ret)
{
	struct run r;

	do {
		r = (struct run){ .counted = async_counts() };
		look(&r, nr, iocbs);
		if (!r.count && r.changed) {
			if (!as_it_is)
				return submit_bounced(&r, ctx, iocbs, ret);
			r.count = 1;
		}
	} while (!submit_run(&r, ctx, iocbs, ret));
	if (unlikely(recording.any) && r.count == 1)
		record(&r.last, *ret);
	return true;
}

/* The first iocb has been found to be readable. */
static __attribute__((noinline)) bool make_first(aio_context_t ctx, struct iocb **iocbs, long *ret)
{
	const struct iocb asked = *iocbs[0];

	return aio_move(ctx, iocbs[0], &asked, ret);
}

/* Submits the first run, or else the first iocb. Returns how many; -1 and errno if none. */
static long submit_some(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	long ret;

	if (submit_first(ctx, nr, iocbs, false, &ret))
		return ret;
	if (!make_first(ctx, iocbs, &ret)) {
		submit_first(ctx, nr, iocbs, true, &ret);
		return ret;
	}
	if (ret < 0)
		errno = (int)-ret;
	return ret < 0 ? -1 : ret;
}

/* No number is known to be direct. */
static bool none_direct(void)
{
	return !atomic_load_explicit(&hint_top, memory_order_relaxed) && !hint_get(0);
}

long aio_submit(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	int before = errno_before();
	long done = 0;

	if (nr <= 0 || (none_direct() && !recording.any))
		return kernel_submit(ctx, nr, iocbs);
	while (done < nr) {
		long ret = submit_some(ctx, nr - done, iocbs + done);

		if (ret <= 0 && !done)
			return ret;
		if (ret <= 0)
			break;
		done += ret;
	}
	errno = before;
	return done;
}
