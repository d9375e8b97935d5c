/* A call that the kernel has refused, or would refuse. See rescue.h. */
#include "rescue.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>

#include "address.h"
#include "claims.h"
#include "description.h"
#include "descriptor.h"
#include "direct.h"
#include "gate.h"
#include "hint.h"
#include "move.h"
#include "number.h"
#include "offset.h"
#include "record_call.h"
#include "recording.h"
#include "refused.h"
#include "request.h"
#include "sigmask.h"
#include "sys.h"
#include "transfers.h"
#include "window.h"

/* Why a call comes in: the errno with which the kernel refused it, or one of these. */
enum {
	REFUSAL_PREDICTED = 0, /* the kernel was not asked */
	REFUSAL_NOTHING = -1,  /* it wrote 0 of more than 0 bytes */
};

/* The internal result for: the shim does not handle this call, the kernel answers it. */
#define STAND_ASIDE LONG_MIN

static bool open_for(const struct request *rq, int flags)
{
	int mode = flags & O_ACCMODE;

	return !(flags & O_PATH) && mode != (rq->write ? O_RDONLY : O_WRONLY);
}

/*
 * Returns whether the kernel would refuse direct I/O. Where the offset is implied, only the kernel
 * knows for certain.
 */
static bool misaligned(const struct request *rq, const struct descriptor *d)
{
	int64_t pos = rq->positional ? rq->pos : offset_now(rq->fd);

	if (request_appends(rq, d))
		pos = d->size;
	return pos < 0 ||
	       plan_misaligned(&d->align, pos, request_length(rq), request_addresses(rq));
}

/*
 * Returns whether a direct read reaches beyond the end of a file. Such a read fails with EIO where
 * XFS has reserved blocks there for a buffered write, such as one of our edges (delayed allocation;
 * iomap_dio_iter(), Linux 6.18). What the file has can be read.
 */
static bool reads_past_end(const struct request *rq, const struct descriptor *d)
{
	int64_t pos = rq->positional ? rq->pos : offset_now(rq->fd);

	return !rq->write && !d->block_device && d->strict && pos >= 0 && (uint64_t)pos < d->size &&
	       request_length(rq) > d->size - (uint64_t)pos;
}

/* Records the answer; where the shim stands aside, that is the kernel's. */
static void record_answer(const struct request *rq, int refusal, long answer)
{
	if (answer == STAND_ASIDE) {
		/* Not over: the kernel is asked next. */
		if (refusal == REFUSAL_PREDICTED)
			return;
		tally_done(rq->tally, DONE_ASIDE);
		answer = refusal > 0 ? -refusal : 0;
	}
	record_rescued(rq, refusal, answer);
}

bool rescue_direct_outside_windows(const struct request *rq, struct descriptor *d)
{
	struct gate *g;
	long flags;

	if (description_is_certain(rq->key) && window_is_open(rq->key)) {
		d->flags |= O_DIRECT;
		return true;
	}
	g = gate_enter_direct(rq->key);
	flags = window_flags(rq->key, rq->fd);
	gate_leave_direct(g);
	if (flags >= 0)
		d->flags = (int)flags;
	return d->flags & O_DIRECT;
}

/*
 * For a misaligned request that the kernel refused, on a description that is not direct. Either the
 * refusal was about something else, or somebody shares the description who does not know of our
 * windows (a process that got it by exec or over a socket, and runs under the shim) and has
 * O_DIRECT off temporarily. In the second case the same call gets another answer now, which is
 * stored in *answer, or the next look shows O_DIRECT. Returns true in the latter case.
 */
static bool direct_after_all(const struct request *rq, struct descriptor *d, long *answer)
{
	enum { LOOKS = 4 };
	long ret;

	for (int i = 0; i < LOOKS; i++) {
		ret = request_issue(rq);
		if (ret != -EINVAL) {
			long err = ret > 0 ? direct_settle(rq->fd, rq->write, -1, 0) : 0;

			*answer = err ? err : ret;
			record_retried(rq);
			return false;
		}
		if (!descriptor_look(rq->fd, rq->write, d))
			return false;
		if (d->flags & O_DIRECT)
			return true;
	}
	return false;
}

static long move_data(struct request *rq, struct descriptor *d, int refusal)
{
	long ret;

	if (d->known)
		hint_learn(rq->fd, d->align.mem, d->align.offset);
	if (rq->move)
		ret = rq->move(rq, d);
	else
		ret = rq->write ? move_write(rq, d) : move_read(rq, d);
	/*
	 * A guess that worked. Learn only the offset: a smaller memory alignment may be enough, and
	 * the next call lets the kernel tell.
	 */
	if (!d->known && ret > 0 && refusal == EINVAL)
		hint_learn(rq->fd, 1, d->align.offset);
	record_moved(rq, d);
	return ret;
}

/* Returns whether the number has been closed, or refers to another file, since the call began. */
static bool number_changed(const struct request *rq)
{
	return rq->generation && rq->generation != description_generation(rq->fd);
}

/*
 * For a number that is not a direct file now. If it has changed since the kernel refused, the call
 * is made on what there is now.
 */
static long not_ours(const struct request *rq)
{
	/*
	 * Keep the mark: by now another thread may have opened a direct file that got the number.
	 */
	if (hint_get(rq->fd))
		hint_set(rq->fd, HINT_DIRECT);
	return number_changed(rq) ? request_issue(rq) : STAND_ASIDE;
}

/*
 * Guesses alignments that are not known. A guess that the refused request satisfies explains
 * nothing. Returns whether one explains the refusal.
 */
static bool guess_explains(const struct request *rq, struct descriptor *d)
{
	while (!misaligned(rq, d))
		if (!descriptor_guess_more(d)) {
			tally_refused(rq->tally, d->known);
			return false;
		}
	return true;
}

static long rescue_counted(struct request *rq, int refusal)
{
	struct descriptor d;
	uint32_t block;
	long answer = STAND_ASIDE;

	/* Closed after the kernel has refused: answer like a call that comes after the close. */
	if (rq->generation && description_closed_since(rq->fd, rq->generation))
		return -EBADF;
	/* A write that is repeated belongs to the file that it was first written to. */
	if (rq->again && number_changed(rq))
		return STAND_ASIDE;
	if (!descriptor_look(rq->fd, rq->write, &d)) {
		/* The same for a number that was not known to be direct when the call began. */
		if (!rq->generation && d.flags == -EBADF)
			return -EBADF;
		return not_ours(rq);
	}
	record_looked(rq, &d);
	block = d.align.block;
	/* Not recorded as direct before that is certain: an ordinary file has to stay one. */
	rq->key = d.flags & O_DIRECT ? description_find(rq->fd, d.file)
				     : description_key_on(rq->fd, d.file);
	if (!(d.flags & O_DIRECT) && !rescue_direct_outside_windows(rq, &d)) {
		answer = not_ours(rq);
		if (answer != STAND_ASIDE)
			return answer;
		/*
		 * An ordinary descriptor: its refusal has other reasons, unless the request is
		 * misaligned.
		 */
		if (refusal != EINVAL || !descriptor_expect(&d) || !misaligned(rq, &d) ||
		    !direct_after_all(rq, &d, &answer))
			return answer;
	}
	rq->key = description_find(rq->fd, d.file);
	description_set_appends(rq->fd, d.flags & O_APPEND);
	if (!open_for(rq, d.flags))
		return STAND_ASIDE;
	if (refusal == EINVAL && !d.known && !number_changed(rq) && !guess_explains(rq, &d))
		return STAND_ASIDE;
	if (refusal == EIO && !misaligned(rq, &d) && !reads_past_end(rq, &d))
		return STAND_ASIDE;
	/* EFAULT may come after a part was written (ext4, Linux 6.18): do not append that twice. */
	if (refusal == EFAULT && request_appends(rq, &d))
		return STAND_ASIDE;
	answer = move_data(rq, &d, refusal);
	if (unlikely(refused_buffered) && refusal == EINVAL && !d.known && answer >= 0)
		refused_by_calls(rq, &d, block, answer);
	return answer;
}

/*
 * With signals blocked. From here on the number refers to the same file until the call is complete.
 */
static long rescue_masked(struct request *rq, int refusal)
{
	long answer;

	if (!request_understood(rq) || !request_in_user_space(rq, refusal == EFAULT))
		return STAND_ASIDE;
	number_enter(rq->fd);
	if (refusal != REFUSAL_PREDICTED || !address_call(rq, &answer))
		answer = rescue_counted(rq, refusal);
	number_leave(rq->fd);
	return answer;
}

static bool rescue(struct request *rq, int refusal, int before, ssize_t *ret)
{
	struct claims outer;
	struct tally tally;
	kernel_sigset old;
	long answer;

	old = sigmask_block();
	claims_begin(&outer, old);
	if (unlikely(recording.any && !rq->again))
		record_begin(rq, &tally);
	answer = rescue_masked(rq, refusal);
	if (unlikely(recording.any && !rq->again))
		record_answer(rq, refusal, answer);
	claims_end(&outer);
	sigmask_restore(old);
	if (answer == STAND_ASIDE) {
		errno = refusal > 0 ? refusal : before;
		return false;
	}
	*ret = answer < 0 ? -1 : answer;
	errno = answer < 0 ? (int)-answer : before;
	return true;
}

static struct request request_of(long nr, int fd, const struct iovec *iov, int count, int64_t pos)
{
	int takes = transfer_takes(nr);

	return (struct request){
		.nr = nr,
		.fd = fd,
		.write = takes & TRANSFER_WRITE,
		.positional = (takes & TRANSFER_OFFSET) && (!(takes & TRANSFER_FLAGS) || pos != -1),
		.count = count,
		.iov = iov,
		.pos = pos,
	};
}

/*
 * Returns whether the kernel's answer may be about alignment. EINVAL may; dm-crypt returns EIO; a
 * write of 0 bytes was seen on bcachefs (and on XFS, for bad memory). EFAULT is not, but direct I/O
 * returns it where an ordinary descriptor would have moved what is before the bad page.
 */
static bool may_help(const struct request *rq, ssize_t ret, int *refusal)
{
	*refusal = ret ? errno : REFUSAL_NOTHING;
	if (!ret)
		return rq->write;
	return errno == EINVAL || errno == EFAULT || errno == EIO;
}

bool rescue_predicted(long nr, int fd, const void *buf, size_t len, int64_t pos, ssize_t *ret)
{
	const struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct request rq = request_of(nr, fd, &iov, 1, pos);

	return rescue(&rq, REFUSAL_PREDICTED, errno, ret);
}

bool rescue_request(struct request *rq, ssize_t *ret)
{
	return rescue(rq, REFUSAL_PREDICTED, errno, ret);
}

void rescue_once_more(int fd, const void *buf, size_t len, int64_t pos, uint32_t generation)
{
	const struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct request rq = request_of(SYS_pwrite64, fd, &iov, 1, pos);
	const int before = errno;
	ssize_t ret;
	long flags;

	/* No device requires less than 512 bytes. An append would be written twice. */
	if (!(((uintptr_t)buf | len | (uint64_t)pos) & 511))
		return;
	flags = sys(SYS_fcntl, fd, F_GETFL);
	if (flags < 0 || (flags & O_APPEND))
		return;
	rq.again = true;
	rq.generation = generation;
	rescue(&rq, REFUSAL_PREDICTED, before, &ret);
	errno = before;
}

ssize_t rescue_refused(long nr, int fd, const void *buf, size_t len, int64_t pos, int before,
		       uint32_t generation, ssize_t ret)
{
	const struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct request rq = request_of(nr, fd, &iov, 1, pos);
	int refusal;

	rq.generation = generation;

	/* Zero-length calls were already counted (record_hooks.c). */
	if (unlikely(!len))
		return ret;
	if (may_help(&rq, ret, &refusal))
		rescue(&rq, refusal, before, &ret);
	else if (unlikely(recording.any))
		record_answered(fd, record_direction(&rq), ret);
	return ret;
}

ssize_t rescue_refused_vector(long nr, int fd, const struct iovec *iov, int count, int64_t pos,
			      int flags, int before, uint32_t generation, ssize_t ret)
{
	struct request rq = request_of(nr, fd, iov, count, pos);
	int refusal;

	rq.vectored = true;
	rq.flags = flags;
	rq.generation = generation;
	/*
	 * Nothing requested and nothing moved is no refusal. The kernel has accepted the array, so
	 * it can be read.
	 */
	if ((ret || request_length(&rq)) && may_help(&rq, ret, &refusal))
		rescue(&rq, refusal, before, &ret);
	else if (unlikely(recording.any))
		record_answered(fd, record_direction(&rq), ret);
	return ret;
}
