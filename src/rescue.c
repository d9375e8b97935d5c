/* A call that the kernel has refused, or would refuse. See rescue.h. */
#include "rescue.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "descriptor.h"
#include "hint.h"
#include "move.h"
#include "record_call.h"
#include "recording.h"
#include "request.h"
#include "sys.h"
#include "write.h"

/* Why a request comes in: the errno with which the kernel refused it, or one of these. */
enum {
	REFUSAL_FORESEEN = 0, /* not asked */
	REFUSAL_NOTHING = -1, /* it wrote 0 of more than 0 bytes */
};

/* The engine's word for: not ours, let the kernel answer. */
#define STAND_ASIDE LONG_MIN

/* In the C library only since glibc 2.34; before, a program without threads may not have it. */
#pragma weak pthread_testcancel

/* The kernel's sigset_t (not the C library's, which cannot block the signals of pthread_cancel). */
typedef uint64_t kernel_sigset;

/*
 * The kernel takes no signal in the middle of a file's read or write; neither does the shim in the
 * middle of a rescue. So no handler finds a bounce buffer half full or O_DIRECT switched off, jumps
 * out of here, or forks here.
 */
static kernel_sigset block_signals(void)
{
	const kernel_sigset all = ~(kernel_sigset)0;
	kernel_sigset old = 0;

	sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof(old));
	return old;
}

static void restore_signals(kernel_sigset old)
{
	sys(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(old));
}

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
	       plan_misaligned(&d->geo, pos, request_length(rq), request_addresses(rq));
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
		if (refusal == REFUSAL_FORESEEN)
			return;
		tally_done(rq->tally, DONE_ASIDE);
		answer = refusal > 0 ? -refusal : 0;
	}
	record_rescued(rq, refusal, answer);
}

/*
 * The kernel refused, and the description is not direct: it speaks of something else, or another
 * thread's call had O_DIRECT off for the moment in which we looked (cached.c). Then the same call
 * gets another answer now, or the description is direct at the next look: true.
 */
static bool direct_after_all(const struct request *rq, struct descriptor *d, bool likely_so,
			     long *answer)
{
	int tries = likely_so ? 1000 : 1;

	*answer = STAND_ASIDE;
	while (tries--) {
		long ret = request_issue(rq);

		if (ret != -EINVAL) {
			*answer = ret;
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

static long move(const struct request *rq, struct descriptor *d, int refusal)
{
	long ret;

	if (d->known)
		hint_learn(rq->fd, d->geo.mem, d->geo.off);
	ret = rq->write ? move_write(rq, d) : move_read(rq, d);
	/*
	 * A guess that worked. Only of the offset: a smaller memory alignment may do, and the kernel
	 * shall get the chance to say so.
	 */
	if (!d->known && ret > 0 && refusal == EINVAL)
		hint_learn(rq->fd, 1, d->geo.off);
	record_moved(rq, d);
	return ret;
}

static long rescue_masked(const struct request *rq, int refusal)
{
	bool hinted = hint_get(rq->fd);
	struct descriptor d;
	long answer = STAND_ASIDE;

	if (!request_understood(rq) || !request_in_user_space(rq, refusal == EFAULT))
		return STAND_ASIDE;
	if (!descriptor_look(rq->fd, rq->write, &d)) {
		hint_forget(rq->fd);
		return STAND_ASIDE;
	}
	record_looked(rq, &d);
	if (!(d.flags & O_DIRECT)) {
		/* Where the offset is implied, it may have been another when the kernel refused. */
		bool likely_so = d.known ? !rq->positional || misaligned(rq, &d) : hinted;

		hint_forget(rq->fd);
		if (refusal != EINVAL || !direct_after_all(rq, &d, likely_so, &answer))
			return answer;
	}
	if (!open_for(rq, d.flags))
		return STAND_ASIDE;
	if (refusal == EIO && !misaligned(rq, &d) && !reads_past_end(rq, &d))
		return STAND_ASIDE;
	/* EFAULT after a part is on the file already happens (ext4, Linux 6.18): not twice. */
	if (refusal == EFAULT && rq->write && write_appends(rq, &d))
		return STAND_ASIDE;
	return move(rq, &d, refusal);
}

static bool rescue(struct request *rq, int refusal, int before, ssize_t *ret)
{
	struct tally tally;
	kernel_sigset old;
	long answer;

	/* The call that was not made would have been a cancellation point (pthreads(7)). */
	if (refusal == REFUSAL_FORESEEN && pthread_testcancel)
		pthread_testcancel();
	old = block_signals();
	if (unlikely(recording.any))
		record_begin(rq, &tally);
	answer = rescue_masked(rq, refusal);
	if (unlikely(recording.any))
		record_answer(rq, refusal, answer);
	restore_signals(old);
	if (answer == STAND_ASIDE) {
		errno = refusal > 0 ? refusal : before;
		return false;
	}
	*ret = answer < 0 ? -1 : answer;
	errno = answer < 0 ? (int)-answer : before;
	return true;
}

static bool writes(long nr)
{
	return nr == SYS_write || nr == SYS_pwrite64 || nr == SYS_writev || nr == SYS_pwritev ||
	       nr == SYS_pwritev2;
}

/* preadv2(2): an offset of -1 stands for the description's. */
static bool takes_offset(long nr, int64_t pos)
{
	if (nr == SYS_preadv2 || nr == SYS_pwritev2)
		return pos != -1;
	return nr != SYS_read && nr != SYS_readv && nr != SYS_write && nr != SYS_writev;
}

static struct request request_of(long nr, int fd, const struct iovec *iov, int count, int64_t pos)
{
	return (struct request){
		.nr = nr,
		.fd = fd,
		.write = writes(nr),
		.positional = takes_offset(nr, pos),
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

bool rescue_foreseen(long nr, int fd, const void *buf, size_t len, int64_t pos, ssize_t *ret)
{
	const struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct request rq = request_of(nr, fd, &iov, 1, pos);

	return rescue(&rq, REFUSAL_FORESEEN, errno, ret);
}

ssize_t rescue_refused(long nr, int fd, const void *buf, size_t len, int64_t pos, int before,
		       ssize_t ret)
{
	const struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct request rq = request_of(nr, fd, &iov, 1, pos);
	int refusal;

	/* Of nothing that was asked, the answer has been counted where it came in (watch.c). */
	if (unlikely(!len))
		return ret;
	if (may_help(&rq, ret, &refusal))
		rescue(&rq, refusal, before, &ret);
	else if (unlikely(recording.any))
		record_answered(fd, record_direction(&rq), ret);
	return ret;
}

ssize_t rescue_refused_vector(long nr, int fd, const struct iovec *iov, int count, int64_t pos,
			      int flags, int before, ssize_t ret)
{
	struct request rq = request_of(nr, fd, iov, count, pos);
	int refusal;

	rq.vectored = true;
	rq.flags = flags;
	/* Nothing asked, nothing moved. The kernel has accepted the array, so it can be looked at. */
	if ((ret || request_length(&rq)) && may_help(&rq, ret, &refusal))
		rescue(&rq, refusal, before, &ret);
	else if (unlikely(recording.any))
		record_answered(fd, record_direction(&rq), ret);
	return ret;
}
