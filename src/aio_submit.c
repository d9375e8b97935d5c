/* io_submit(2). See aio_submit.h. */
#include "aio_submit.h"

#include <limits.h>
#include <stdbool.h>

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
#include "sigmask.h"
#include "usermem.h"

enum {
	WATCHES = 4, /* descriptions of one run that are watched for windows */

	ALIGNED_ANYWAY = 4096, /* devices that require more have reported so, and have a hint */
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
	bool window; /* the only one, whose description had a window open */
	int watches;
	struct watch watch[WATCHES];
	struct iocb last; /* a copy of the last one, */
	bool changed;	  /* or of the one that comes next and must be made by aio_move() */
	struct usermem_peek peek;
};

static long kernel_submit(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	return real.syscall(SYS_io_submit, ctx, nr, iocbs);
}

/* Returns the OR of all that must be a multiple of the memory alignment, and stores the length. */
static bool vector_shape(struct run *r, const struct request *rq, uintptr_t *addrs, size_t *len)
{
	if (rq->count < 1 || rq->count > IOV_MAX ||
	    !usermem_peek(&r->peek, rq->iov, (size_t)rq->count * sizeof(*rq->iov)))
		return false;
	*addrs = request_addresses(rq);
	*len = request_length(rq);
	return true;
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
}

/* Returns whether the kernel is known to refuse it on this number. */
static bool refused(struct run *r, const struct iocb *cb)
{
	struct iovec one;
	const struct request rq = aio_request(cb, &one);
	uintptr_t addrs = cb->aio_buf;
	size_t len = cb->aio_nbytes;
	struct descriptor d;

	if (rq.vectored && !vector_shape(r, &rq, &addrs, &len))
		return false;
	/* Not known, or not to be remembered: then it is looked at each time, unless it is aligned to a page. */
	if (hint_get(rq.fd) == HINT_DIRECT &&
	    ((addrs | len | (uint64_t)rq.pos) & (ALIGNED_ANYWAY - 1)))
		return descriptor_look(rq.fd, rq.write, &d) && d.known &&
		       plan_misaligned(&d.align, (uint64_t)rq.pos, len, addrs);
	return hint_refuses(rq.fd, addrs, len, (uint64_t)rq.pos);
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
	bool marked = hint_get((int)cb->aio_fildes) && aio_transfers(cb);

	if (marked)
		look_once((int)cb->aio_fildes, aio_writes(cb));
	if (marked && aio_understood(cb) && refused(r, cb)) {
		r->last = *cb;
		r->changed = true;
		return false;
	}
	if (marked) {
		r->window = !watch(r, cb);
		if (r->window && r->count) {
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
		if (!usermem_peek(&r->peek, &iocbs[r->count], sizeof(*iocbs)) ||
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
		if (unlikely(recording.any) || (r->watches && async_counts()))
			return;
	}
}

static void record(const struct iocb *cb, long ret)
{
	struct iovec one;
	const struct request rq = aio_request(cb, &one);

	if (aio_transfers(cb))
		record_answered(rq.fd, record_direction(&rq),
				ret == 1 ? (ssize_t)(rq.vectored ? request_length(&rq)
								 : cb->aio_nbytes)
					 : -1);
}

/* Submits an iocb whose description has a window open, when that is closed. */
static long submit_alone(const struct run *r, aio_context_t ctx, struct iocb **iocbs)
{
	struct pass p;
	long ret;

	pass_begin(&p, (int)r->last.aio_fildes, false);
	ret = kernel_submit(ctx, 1, iocbs);
	if (p.waited)
		pass_leave(&p);
	if (p.met || window_met(p.key, p.since))
		direct_settle(p.fd, aio_writes(&r->last), -1, 0);
	return ret;
}

static long submit_watched(const struct run *r, aio_context_t ctx, struct iocb **iocbs)
{
	long ret;

	if (r->window)
		return submit_alone(r, ctx, iocbs);
	ret = kernel_submit(ctx, r->count, iocbs);
	/* If a window was opened meanwhile, some may have gone through the page cache. */
	for (int i = 0; i < r->watches; i++)
		if (unlikely(window_met(r->watch[i].key, r->watch[i].since)))
			direct_settle(r->watch[i].fd, r->watch[i].write, -1, 0);
	return ret;
}

static async_files files_of(const struct run *r)
{
	async_files files = r->window ? async_file_of((int)r->last.aio_fildes) : 0;

	for (int i = 0; i < r->watches; i++)
		files |= async_file_of(r->watch[i].fd);
	return files;
}

static long submit_run(const struct run *r, aio_context_t ctx, struct iocb **iocbs)
{
	async_files files;
	struct sigmask signals;
	long ret;

	if (likely(!async_counts()) || (!r->watches && !r->window))
		return submit_watched(r, ctx, iocbs);
	files = files_of(r);
	sigmask_hold(&signals);
	async_submit_begin(files);
	if (r->window)
		async_submit_wait((int)r->last.aio_fildes);
	for (int i = 0; i < r->watches; i++)
		async_submit_wait(r->watch[i].fd);
	ret = submit_watched(r, ctx, iocbs);
	async_submit_end(files);
	sigmask_release(&signals);
	return ret;
}

/* Submits the first run, or else the first iocb. Returns how many; -1 and errno if none. */
static long submit_some(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	struct run r = { 0 };
	long ret;

	look(&r, nr, iocbs);
	if (!r.count && r.changed) {
		if (aio_move(ctx, iocbs[0], &r.last, &ret)) {
			if (ret < 0)
				errno = (int)-ret;
			return ret < 0 ? -1 : ret;
		}
		r.count = 1;
	}
	ret = submit_run(&r, ctx, iocbs);
	if (unlikely(recording.any) && r.count == 1)
		record(&r.last, ret);
	return ret;
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
