/* A call that the kernel has refused, or would refuse. See rescue.h. */
#include "rescue.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>

#include "claims.h"
#include "description.h"
#include "descriptor.h"
#include "direct.h"
#include "gate.h"
#include "hint.h"
#include "move.h"
#include "number.h"
#include "record_call.h"
#include "recording.h"
#include "request.h"
#include "sigmask.h"
#include "sys.h"
#include "transfers.h"
#include "window.h"
#include "write.h"

/* Why a request comes in: the errno with which the kernel refused it, or one of these. */
enum {
	REFUSAL_PREDICTED = 0, /* not asked */
	REFUSAL_NOTHING = -1, /* it wrote 0 of more than 0 bytes */
};

/* The engine's word for: not ours, let the kernel answer. */
#define STAND_ASIDE LONG_MIN

static bool open_for(const struct request *rq, int flags)
{
	int mode = flags & O_ACCMODE;

	return !(flags & O_PATH) && mode != (rq->write ? O_RDONLY : O_WRONLY);
}

/* Would the kernel refuse direct I/O? Where the offset is implied, only it can tell for certain. */
static bool misaligned(const struct request *rq, const struct descriptor *d)
{
	int64_t pos = rq->positional ? rq->pos : sys(SYS_lseek, rq->fd, 0L, SEEK_CUR);

	if (rq->write && write_appends(rq, d))
		pos = d->size;
	return pos < 0 ||
	       plan_misaligned(&d->align, pos, request_length(rq), request_addresses(rq));
}

/*
 * A direct read that reaches beyond the end of a file says EIO where XFS has reserved blocks there for a
 * buffered write, such as one of our edges (delayed allocation; iomap_dio_iter(), Linux 6.18). What the
 * file has can be read.
 */
static bool reads_past_end(const struct request *rq, const struct descriptor *d)
{
	int64_t pos = rq->positional ? rq->pos : sys(SYS_lseek, rq->fd, 0L, SEEK_CUR);

	return !rq->write && !d->block_device && d->known && pos >= 0 &&
	       (uint64_t)pos < d->size && request_length(rq) > d->size - (uint64_t)pos;
}

/* For the record; the kernel's answer stands where the shim stands aside. */
static void record_answer(const struct request *rq, int refusal, long answer)
{
	if (answer == STAND_ASIDE) {
		/* Not over: now the kernel is asked. */
		if (refusal == REFUSAL_PREDICTED)
			return;
		tally_done(rq->tally, DONE_ASIDE);
		answer = refusal > 0 ? -refusal : 0;
	}
	record_rescued(rq, refusal, answer);
}

/*
 * Is it direct while nobody has O_DIRECT off for a moment? In a window of a key that is one description's it
 * is taken for direct, without a wait. Should the number stand for another description by now, the answer
 * is the same: before a buffered call changes flags, it looks at them again, in a window of its own.
 */
static bool direct_outside_windows(const struct request *rq, struct descriptor *d)
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
 * The kernel refused a misaligned request, and the description is not direct. Either the refusal was
 * about something else, or somebody shares the description who does not know of our windows (a process
 * that got it by exec or over a socket, and runs under the shim) and has O_DIRECT off for a moment. In
 * the second case the same call gets another answer now, or the next look shows O_DIRECT: true.
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

static long move(struct request *rq, struct descriptor *d, int refusal)
{
	long ret;

	if (d->known)
		hint_learn(rq->fd, d->align.mem, d->align.offset);
	ret = rq->write ? move_write(rq, d) : move_read(rq, d);
	/*
	 * A guess that worked. Only of the offset: a smaller memory alignment may do, and the kernel
	 * shall get the chance to say so.
	 */
	if (!d->known && ret > 0 && refusal == EINVAL)
		hint_learn(rq->fd, 1, d->align.offset);
	record_moved(rq, d);
	return ret;
}

/* Has the number been closed, or made to stand for another file, since the call began? */
static bool number_changed(const struct request *rq)
{
	return rq->generation && rq->generation != description_generation(rq->fd);
}

/* No direct file any more: if it was one when the kernel refused, the call is made on what there is now. */
static long not_ours(const struct request *rq)
{
	/* Still marked: by now another thread may have opened a direct file that got the number. */
	if (hint_get(rq->fd))
		hint_set(rq->fd, HINT_DIRECT);
	return number_changed(rq) ? request_issue(rq) : STAND_ASIDE;
}

/* Alignments that are not known are guessed. A guess that the refused request suits explains nothing. */
static bool guess_explains(const struct request *rq, struct descriptor *d)
{
	while (!misaligned(rq, d))
		if (!descriptor_guess_more(d))
			return false;
	return true;
}

static long rescue_counted(struct request *rq, int refusal)
{
	struct descriptor d;
	long answer = STAND_ASIDE;

	/* Closed after the kernel has refused: a call that comes after the close gets this. */
	if (rq->generation && description_closed_since(rq->fd, rq->generation))
		return -EBADF;
	/* What was written once belongs to the file that it was written to. */
	if (rq->again && number_changed(rq))
		return STAND_ASIDE;
	if (!descriptor_look(rq->fd, rq->write, &d))
		return not_ours(rq);
	record_looked(rq, &d);
	rq->key = description_find(rq->fd, d.file);
	if (!(d.flags & O_DIRECT) && !direct_outside_windows(rq, &d)) {
		answer = not_ours(rq);
		if (answer != STAND_ASIDE)
			return answer;
		/* Once for an ordinary descriptor, whose refusal has other reasons. */
		if (refusal != EINVAL || !d.known || !misaligned(rq, &d) ||
		    !direct_after_all(rq, &d, &answer))
			return answer;
	}
	if (!open_for(rq, d.flags))
		return STAND_ASIDE;
	if (refusal == EINVAL && !d.known && !number_changed(rq) && !guess_explains(rq, &d))
		return STAND_ASIDE;
	if (refusal == EIO && !misaligned(rq, &d) && !reads_past_end(rq, &d))
		return STAND_ASIDE;
	/* EFAULT after a part is on the file already happens (ext4, Linux 6.18): not twice. */
	if (refusal == EFAULT && rq->write && write_appends(rq, &d))
		return STAND_ASIDE;
	return move(rq, &d, refusal);
}

/* With signals blocked. From here on the number stands for the same file until the call is complete. */
static long rescue_masked(struct request *rq, int refusal)
{
	long answer;

	if (!request_understood(rq) || !request_in_user_space(rq, refusal == EFAULT))
		return STAND_ASIDE;
	number_enter(rq->fd);
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
 * Could that answer of the kernel's be about alignment? EINVAL is; dm-crypt says EIO; a write of
 * nothing was seen on bcachefs (and on XFS, for bad memory). EFAULT is not, but direct I/O says it
 * where an ordinary descriptor would have moved what is before the bad page.
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

void rescue_once_more(int fd, const void *buf, size_t len, int64_t pos, uint32_t generation)
{
	const struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct request rq = request_of(SYS_pwrite64, fd, &iov, 1, pos);
	const int before = errno;
	ssize_t ret;
	long flags;

	/* No device asks for less. An append would stand there twice. */
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

	/* Of nothing that was asked, the answer has been counted where it came in (record_hooks.c). */
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
	/* Nothing asked, nothing moved. The kernel has accepted the array, so it can be looked at. */
	if ((ret || request_length(&rq)) && may_help(&rq, ret, &refusal))
		rescue(&rq, refusal, before, &ret);
	else if (unlikely(recording.any))
		record_answered(fd, record_direction(&rq), ret);
	return ret;
}
