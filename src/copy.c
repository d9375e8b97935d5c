/* A copy that the kernel has refused, or has not completed. See copy.h. */
#include "copy.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include "claims.h"
#include "description.h"
#include "hint.h"
#include "mapped.h"
#include "number.h"
#include "offset.h"
#include "plan.h"
#include "record_call.h"
#include "recording.h"
#include "rescue.h"
#include "sigmask.h"
#include "sys64.h"
#include "usermem.h"
#include "write.h"

/* Not inlined, so that what it needs of the stack is free again when data is moved. */
#define BRIEF static __attribute__((noinline))

/* /dev/null and /dev/zero, which swallow what they are given. */
static bool swallows(const kernel_stat *st)
{
	return S_ISCHR(st->st_mode) &&
	       (st->st_rdev == makedev(1, 3) || st->st_rdev == makedev(1, 5));
}

static bool is_stream(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return !sys(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_STREAM;
}

BRIEF void look_at_other(struct copy_end *e)
{
	kernel_stat st;
	long flags = sys(SYS_fcntl, e->rq.fd, F_GETFL);

	e->kind = COPY_OTHER;
	if (flags < 0 || sys_fstat(e->rq.fd, &st))
		return;
	e->d = (struct descriptor){ .flags = (int)flags };
	if (S_ISFIFO(st.st_mode))
		e->kind = COPY_PIPE;
	else if (S_ISSOCK(st.st_mode) && is_stream(e->rq.fd))
		e->kind = COPY_STREAM;
	else if (swallows(&st))
		e->kind = COPY_SINK;
}

/* Looks at the descriptor of one end: what it is, and whether it is direct. */
BRIEF void look(struct copy_end *e)
{
	if (!descriptor_look(e->rq.fd, e->rq.write, &e->d)) {
		look_at_other(e);
		return;
	}
	e->kind = COPY_FILE;
	if (!(e->d.flags & O_DIRECT) && !hint_get(e->rq.fd))
		return;
	e->rq.key = description_find(e->rq.fd, e->d.file);
	e->direct = (e->d.flags & O_DIRECT) || rescue_direct_outside_windows(&e->rq, &e->d);
}

/*
 * The program's positions. They are read, and found to be writable, before anything is held: the
 * memory may have to be supplied by another thread (userfaultfd(2)).
 */
BRIEF bool read_position(const struct copy *call, const int64_t *given, int64_t *pos)
{
	const size_t size = copy_has_off32(call) ? sizeof(int32_t) : sizeof(int64_t);
	const struct iovec iov = { (void *)(uintptr_t)given, size };
	struct cursor c = cursor_at_start(&iov, 1);
	int32_t narrow;

	if (!given)
		return true;
	if (usermem_gather(&c, copy_has_off32(call) ? (void *)&narrow : pos, size) != size)
		return false;
	if (copy_has_off32(call))
		*pos = narrow;
	c = cursor_at_start(&iov, 1);
	usermem_check(&c, size, USERMEM_WRITE);
	return true;
}

/* A position of 32 bits is not moved beyond its range: see cut_to_off32(). */
BRIEF bool write_position(const struct copy *call, int64_t *given, int64_t pos)
{
	const size_t size = copy_has_off32(call) ? sizeof(int32_t) : sizeof(int64_t);
	const struct iovec iov = { given, size };
	struct cursor c = cursor_at_start(&iov, 1);
	const int32_t narrow = (int32_t)pos;

	return !given || usermem_scatter(&c, copy_has_off32(call) ? (const void *)&narrow : &pos,
					 size) == size;
}

static void find_offset(struct copy_end *e, const int64_t *given)
{
	if (!given && (e->kind == COPY_FILE || e->kind == COPY_SINK))
		e->pos = offset_now(e->rq.fd);
}

/* The kernel sets the offset when it is done, whatever others have done with it meanwhile. */
static void set_offset(const struct copy_end *e, const int64_t *given)
{
	if (!given && (e->kind == COPY_FILE || e->kind == COPY_SINK))
		sys_lseek(e->rq.fd, e->pos, SEEK_SET);
}

/* In ascending order, as those who end several numbers mark them (number.c). */
BRIEF void enter_numbers(const struct copying *w)
{
	int in = w->in.rq.fd, out = w->out.rq.fd;

	number_enter(in < out ? in : out);
	if (in != out)
		number_enter(in < out ? out : in);
}

BRIEF void leave_numbers(const struct copying *w)
{
	number_leave(w->in.rq.fd);
	if (w->in.rq.fd != w->out.rq.fd)
		number_leave(w->out.rq.fd);
}

/* Returns 0 if both numbers are what they were when the call began. */
static long numbers_changed(const struct copying *w)
{
	const int fd[2] = { w->in.rq.fd, w->out.rq.fd };

	for (int i = 0; i < 2; i++) {
		if (!w->generation[i] || w->generation[i] == description_generation(fd[i]))
			continue;
		return description_closed_since(fd[i], w->generation[i]) ? -EBADF : COPY_AGAIN;
	}
	return 0;
}

static bool is_guessed(const struct copy_end *e)
{
	return e->direct && !e->d.strict;
}

/*
 * Returns whether copy_file_range(2) may have shared whole blocks, and left less than a block to the
 * program's next call. XFS and btrfs do that on ordinary descriptors, too; ext4 shares nothing.
 */
BRIEF bool may_have_shared(const struct copying *w)
{
	uint64_t block = w->in.direct ? w->in.d.align.block : w->out.d.align.block;
	uint64_t starts = (uint64_t)(w->in.pos - (int64_t)w->done) |
			  (uint64_t)(w->out.pos - (int64_t)w->done);
	kernel_statfs fs;

	return copy_there(w) < block && !(starts & (block - 1)) &&
	       (sys_fstatfs(w->out.rq.fd, &fs) || fs.f_type != EXT4_SUPER_MAGIC);
}

/*
 * Returns whether copy_file_range(2) may have ended where its file ended when the call began. The copy itself has
 * moved that end since, if it is within one file. The end was further on if there is data after all that was to be
 * copied; otherwise the program has a short count, as a signal would have given it.
 */
BRIEF bool may_have_ended(const struct copying *w)
{
	uint64_t block = w->in.d.align.block;
	uint64_t beyond = ((uint64_t)w->in.pos + w->left + block - 1) & ~(block - 1);

	if (w->in.d.file != w->out.d.file || (uint64_t)w->out.pos < w->in.d.size)
		return false;
	return beyond >= (uint64_t)w->out.pos - w->done ||
	       !mapped_in_place(w->in.rq.fd, beyond, beyond + 1);
}

/*
 * Returns whether to go on after the kernel has returned a short count. Not on guesses: where no
 * alignment is reported, most file systems refuse nothing. A socket may have become full, or a
 * signal have come: but a refusal comes where the kernel takes the next part of a pipe's size. Nor
 * where the file has reached RLIMIT_FSIZE: the kernel has raised SIGXFSZ already.
 */
static bool goes_on(const struct copying *w, enum copy_way way)
{
	size_t part = 16 * (size_t)getpagesize();

	if (is_guessed(&w->in) || is_guessed(&w->out))
		return false;
	switch (way) {
	case COPY_FILES:
		if (w->out.kind == COPY_FILE && (uint64_t)w->out.pos >= write_size_limit(&w->out.d))
			return false;
		return w->call->name == COPY_SENDFILE || !(may_have_shared(w) || may_have_ended(w));
	case COPY_TO_STREAM:
		return w->done % part == 0;
	default:
		return false;
	}
}

static void learn(struct copying *w, struct copy_end *e, int i)
{
	if (!e->direct)
		return;
	if (e->d.known)
		hint_learn(e->rq.fd, e->d.align.mem, e->d.align.offset);
	if (!w->generation[i])
		w->generation[i] = description_generation(e->rq.fd);
	tally_at(e->rq.tally, e->pos - (int64_t)w->done);
	record_looked(&e->rq, &e->d);
}

/* Leaves no more to be moved than there is room for; nothing changes if that is none. */
static void cut(struct copying *w, int64_t room)
{
	if (room > 0 && (uint64_t)room < w->left)
		w->left = (size_t)room;
}

static long move(struct copying *w, enum copy_way way)
{
	switch (way) {
	case COPY_FILES:
		/* copy_file_range(2) goes no further than its file does when the call begins. */
		if (w->call->name == COPY_RANGE)
			cut(w, (int64_t)w->in.d.size - w->in.pos);
		return copy_files(w);
	case COPY_TO_PIPE:
		return copy_to_pipe(w);
	case COPY_FROM_PIPE:
		return copy_from_pipe(w);
	default:
		return copy_to_stream(w);
	}
}

/* In the place of the kernel's refusal, after the first round. */
enum { LATER_ROUND = -1 };

/* Chooses the way, and notes in the first round what is known of the ends. */
BRIEF enum copy_way choose(struct copying *w, int refusal)
{
	enum copy_way way = copy_choose(w);

	if (way == COPY_NO_WAY || refusal == LATER_ROUND)
		return way;
	if (!copy_explained(w, way, refusal) || (!refusal && !goes_on(w, way)))
		return COPY_NO_WAY;
	learn(w, &w->in, 0);
	learn(w, &w->out, 1);
	return way;
}

static long round_counted(struct copying *w, int refusal)
{
	const struct copy *c = w->call;
	long ret = numbers_changed(w);
	enum copy_way way;

	if (ret)
		return ret;
	look(&w->in);
	look(&w->out);
	find_offset(&w->in, c->in_pos);
	find_offset(&w->out, c->out_pos);
	if (c->name == COPY_RANGE && w->in.pos >= 0 && w->out.pos >= 0) {
		/* No offset is larger (generic_write_check_limits()). */
		cut(w, INT64_MAX - w->in.pos);
		cut(w, INT64_MAX - w->out.pos);
	}
	way = choose(w, refusal);
	if (way == COPY_NO_WAY)
		return COPY_ASIDE;
	ret = move(w, way);
	if (!w->moved)
		return ret;
	set_offset(&w->out, c->out_pos);
	set_offset(&w->in, c->in_pos);
	return ret;
}

/*
 * The kernel copies no further than such a position goes (do_sendfile()). Returns false if that is nowhere: it has
 * said so.
 */
static bool cut_to_off32(struct copying *w)
{
	int64_t room = INT32_MAX - w->in.pos;

	cut(w, room);
	return room > 0;
}

static long round_masked(struct copying *w, int refusal)
{
	const struct copy *c = w->call;
	long ret;

	w->moved = 0;
	w->rest_len = 0;
	if (!read_position(c, c->in_pos, &w->in.pos) || !read_position(c, c->out_pos, &w->out.pos))
		return COPY_ASIDE;
	if (copy_has_off32(c) && c->in_pos && !cut_to_off32(w))
		return COPY_ASIDE;
	enter_numbers(w);
	ret = round_counted(w, refusal);
	leave_numbers(w);
	if (w->moved && (!write_position(c, c->in_pos, w->in.pos) ||
			 !write_position(c, c->out_pos, w->out.pos)))
		return -EFAULT;
	return ret;
}

static long one_round(struct copying *w, int refusal)
{
	struct claims outer;
	kernel_sigset old = sigmask_block();
	long ret;

	claims_begin(&outer, old);
	ret = round_masked(w, refusal);
	claims_end(&outer);
	sigmask_restore(old);
	w->done += w->moved;
	return ret;
}

/* After a call that waited: `n` more bytes of the file have been sent. */
BRIEF void count_rest(struct copying *w, size_t n)
{
	struct claims outer;
	kernel_sigset old = sigmask_block();

	claims_begin(&outer, old);
	w->moved = 0;
	copy_advance(w, n);
	w->done += n;
	enter_numbers(w);
	if (!numbers_changed(w))
		set_offset(&w->in, w->call->in_pos);
	leave_numbers(w);
	write_position(w->call, w->call->in_pos, w->in.pos);
	claims_end(&outer);
	sigmask_restore(old);
}

/* Waits until the socket has taken some of the rest. With nothing held, and signals as they are. */
static long send_rest(struct copying *w)
{
	long ret = sys(SYS_sendto, w->out.rq.fd, w->rest, w->rest_len, 0L, NULL, 0L);

	if (ret > 0)
		count_rest(w, (size_t)ret);
	return ret > 0 ? 0 : ret;
}

/* Returns what stopped it; COPY_ASIDE and COPY_AGAIN only if nothing was moved. */
static long all_rounds(struct copying *w, int refusal)
{
	long ret = one_round(w, refusal);

	while (!ret && w->rest_len && w->left) {
		ret = send_rest(w);
		if (!ret && w->left)
			ret = one_round(w, LATER_ROUND);
		if (ret == COPY_ASIDE || ret == COPY_AGAIN)
			return 0;
	}
	return ret;
}

static struct copy_end end_of(int fd, bool write, const struct iovec *all)
{
	return (struct copy_end){
		.rq = {
			.nr = write ? SYS_pwrite64 : SYS_pread64,
			.fd = fd,
			.write = write,
			.positional = true,
			.count = 1,
			.iov = all,
		},
	};
}

static void record_end(struct copy_end *e, int refusal, long answer)
{
	if (!e->direct)
		return;
	record_moved(&e->rq, &e->d);
	record_rescued(&e->rq, refusal, answer);
}

/* A bad pointer to a position is an error although data was moved, as in the kernel. */
static long answer_of(const struct copying *w, long ret)
{
	return w->done && ret != -EFAULT ? (long)w->done : ret;
}

BRIEF long copy_recorded(struct copying *w, int refusal)
{
	struct tally tally[2];
	long ret;

	record_begin(&w->in.rq, &tally[0]);
	record_begin(&w->out.rq, &tally[1]);
	ret = all_rounds(w, refusal);
	if (ret == COPY_ASIDE || ret == COPY_AGAIN)
		return ret;
	record_end(&w->in, refusal, answer_of(w, ret));
	record_end(&w->out, refusal, answer_of(w, ret));
	return answer_of(w, ret);
}

long copy_by_hand(const struct copy *c, int refusal, size_t done, const uint32_t generation[2])
{
	size_t max = PLAN_MAX_RW(getpagesize());
	size_t len = c->len < max ? c->len : max;
	const struct iovec all = { NULL, len };
	struct copying w = {
		.call = c,
		.in = end_of(c->in, false, &all),
		.out = end_of(c->out, true, &all),
		.left = len - done,
		.done = done,
		.generation = { generation[0], generation[1] },
	};
	long ret;

	if (!request_length_valid(c->len) || done >= len)
		return COPY_ASIDE;
	if (unlikely(recording.any))
		return copy_recorded(&w, refusal);
	ret = all_rounds(&w, refusal);
	return ret == COPY_ASIDE || ret == COPY_AGAIN ? ret : answer_of(&w, ret);
}
