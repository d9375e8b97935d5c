/* Chooses the next call at random, with a preference for the edge cases of direct I/O. */
#include "differential.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

const unsigned op_is[OPS] = {
	[OP_READ] = READS,
	[OP_PREAD] = READS | POSITION,
	[OP_READV] = READS | VECTOR,
	[OP_PREADV] = READS | VECTOR | POSITION,
	[OP_PREADV2] = READS | VECTOR | POSITION | RWF | MINUS_ONE,
	[OP_WRITE] = WRITES,
	[OP_PWRITE] = WRITES | POSITION,
	[OP_WRITEV] = WRITES | VECTOR,
	[OP_PWRITEV] = WRITES | VECTOR | POSITION,
	[OP_PWRITEV2] = WRITES | VECTOR | POSITION | RWF | MINUS_ONE,
	[OP_AIO_READ] = READS | POSITION | RWF,
	[OP_AIO_READV] = READS | VECTOR | POSITION | RWF,
	[OP_AIO_WRITE] = WRITES | POSITION | RWF,
	[OP_AIO_WRITEV] = WRITES | VECTOR | POSITION | RWF,
	[OP_POSIX_READ] = READS | POSITION,
	[OP_POSIX_WRITE] = WRITES | POSITION,
	[OP_LIST_READ] = READS | VECTOR | POSITION,
	[OP_LIST_WRITE] = WRITES | VECTOR | POSITION,
	[OP_PRINT] = WRITES,
	[OP_SENDFILE_FROM] = COPIES,
	[OP_SENDFILE_TO] = COPIES,
	[OP_RANGE_FROM] = COPIES,
	[OP_RANGE_TO] = COPIES,
	[OP_RANGE_WITHIN] = COPIES,
	[OP_SPLICE_FROM] = COPIES,
	[OP_SPLICE_TO] = COPIES,
};

off_t end_of(const struct scene *s)
{
	struct stat st;

	if (s->block_device)
		return s->device_size;
	return fstat(s->side[ORDINARY].witness, &st) ? 0 : st.st_size;
}

/* Returns an offset that is invalid for all or most calls. */
static off_t choose_extreme(const struct scene *s, struct random *r)
{
	switch (below(r, 6)) {
	case 0:
		return -1;
	case 1:
		return -(off_t)below(r, 8192) - 1;
	case 2:
		return LLONG_MIN + (off_t)below(r, 2) * 512;
	case 3:
		return LLONG_MAX - (off_t)below(r, 2) * (off_t)below(r, 1 << 20);
	case 4:
		return s->most_size - (off_t)below(r, 16384);
	default:
		return s->most_size - (off_t)(below(r, 8) * 512);
	}
}

/*
 * On XFS with Linux 6.18 an aligned direct write to the last blocks before 2^63 succeeds, but the
 * file does not grow.
 */
static off_t avoid_last_blocks(const struct scene *s, off_t pos)
{
	return s->xfs && pos > LLONG_MAX / 2 ? pos | 1 : pos;
}

off_t choose_offset(const struct scene *s, struct random *r)
{
	off_t end = end_of(s);
	off_t within = s->block_device ? LARGE_FILE / 2 : end;

	switch (below(r, 24)) {
	case 0:
		return one_in(r, 4) ? choose_extreme(s, r) : 0;
	case 1:
	case 2:
		return end;
	case 3:
	case 4:
	case 5:
	case 6:
	case 7: /* may be negative in a small file */
		return end - 4200 + (off_t)below(r, 8400);
	case 8:
		return end + (off_t)below(r, 256 << 10);
	case 9:
		return end - (off_t)below(r, 2 << 20);
	case 10:
	case 11:
	case 12:
	case 13:
	case 14:
	case 15:
		return around_units(r, within + 1);
	default:
		return below(r, within + 1);
	}
}

static int choose_transfer_flags(const struct call *c, struct random *r)
{
	if (!(op_is[c->op] & RWF))
		return 0;
	if (is_read(c))
		return one_in(r, 4) ? CHOOSE(r, RWF_HIPRI, RWF_DSYNC, RWF_APPEND, 1 << 30) : 0;
	if (one_in(r, 2))
		return CHOOSE(r, RWF_APPEND, RWF_APPEND, RWF_APPEND, RWF_HIPRI, RWF_NOAPPEND,
			      one_in(r, 4) ? RWF_DSYNC : 0, one_in(r, 4) ? RWF_SYNC : 0, 1 << 30,
			      RWF_APPEND | RWF_NOAPPEND);
	return 0;
}

static void choose_limit(struct call *c, const struct scene *s, struct random *r)
{
	off_t start = is_positional(c) || !is_transfer(c) ? c->pos : end_of(s);
	size_t len = asked_bytes(c);

	c->limited = !is_read(c) && !is_posix(c) && one_in(r, 24);
	if (start < 0)
		start = 0;
	c->limit = one_in(r, 8)	  ? below(r, end_of(s) + 1)
		   : one_in(r, 4) ? round_up(start, 512)
				  : start + below(r, (len < LARGE_FILE ? len : LARGE_FILE) + 1);
	/* An aligned request that is cut at another limit is refused in its event (doc/design.md, Limits). */
	if (is_aio(c))
		c->limit = round_up(c->limit, 4096);
}

static void choose_transfer(struct call *c, const struct scene *s, struct random *r)
{
	bool tidy = one_in(r, 4); /* mostly aligned, like a program that knows about direct I/O */
	size_t unit = tidy ? CHOOSE(r, 512, 4096) : 1;

	c->pos = choose_offset(s, r);
	if (tidy && !one_in(r, 4) && c->pos >= 0)
		c->pos = c->pos / unit * unit;
	c->pos = avoid_last_blocks(s, c->pos);
	if (op_is[c->op] & MINUS_ONE && one_in(r, 4))
		c->pos = -1;
	c->flags = choose_transfer_flags(c, r);
	choose_pieces(c, s, r, one_in(r, 4) ? 1 : unit, one_in(r, 4) ? 1 : unit);
}

/* NFS refuses O_DIRECT with O_APPEND at open, and when it is set later. */
static int taken_together(const struct scene *s, int flags)
{
	return s->no_direct_append && (flags & O_DIRECT) ? flags & ~O_APPEND : flags;
}

/* Chooses the access mode and flags that affect reads and writes. */
static int choose_open_flags(const struct scene *s, struct random *r)
{
	int flags = CHOOSE(r, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY);

	flags |= one_in(r, 5) ? O_APPEND : 0;
	flags |= one_in(r, 16) ? O_DSYNC : 0;
	flags |= one_in(r, 32) ? O_SYNC : 0;
	flags |= one_in(r, 8) ? O_NOATIME : 0;
	flags |= one_in(r, 8) ? O_NONBLOCK : 0;
	flags |= one_in(r, 8) ? O_CLOEXEC : 0;
	flags |= one_in(r, 24) ? O_TRUNC : 0;
	if (O_LARGEFILE)
		flags |= one_in(r, 4) ? 0 : O_LARGEFILE;
	return taken_together(s, flags | (one_in(r, 8) ? 0 : O_DIRECT));
}

static int choose_status_flags(const struct scene *s, struct random *r)
{
	int flags = one_in(r, 8) ? 0 : O_DIRECT;

	flags |= one_in(r, 4) ? O_APPEND : 0;
	return taken_together(s, flags | (one_in(r, 8) ? O_NONBLOCK : 0));
}

static int choose_allocation(struct random *r)
{
	return CHOOSE(r, 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE);
}

static size_t choose_small_length(struct random *r)
{
	return 1 + below(r, one_in(r, 2) ? 100 : 20000);
}

static void choose_change(struct call *c, const struct scene *s, struct random *r)
{
	c->pos = avoid_last_blocks(s, choose_offset(s, r));
	c->count = 0;
	c->other_slot = below(r, SLOTS);
	switch (c->op) {
	case OP_SEEK:
		c->flags = CHOOSE(r, SEEK_SET, SEEK_SET, SEEK_CUR, SEEK_END, 77);
		if (c->flags == SEEK_CUR || c->flags == SEEK_END)
			c->pos = (off_t)below(r, 20000) - 10000;
		break;
	case OP_REOPEN:
		c->flags = choose_open_flags(s, r);
		break;
	case OP_SETFL:
		c->flags = choose_status_flags(s, r);
		break;
	case OP_ALLOCATE:
		c->flags = choose_allocation(r);
		c->count = 1;
		c->pieces[0].len = choose_small_length(r);
		if (c->pos > end_of(s) + LARGE_FILE)
			c->pos = 0;
		break;
	case OP_BYSTANDER:
		c->count = 1;
		c->pieces[0] = (struct piece){ PLACE_ARENA, ARENA_GUARD, choose_small_length(r) };
		c->used = ARENA_GUARD + c->pieces[0].len;
		c->fill = random_word(r);
		if (c->pos > end_of(s) + LARGE_FILE)
			c->pos = 0;
		break;
	default:
		break;
	}
}

static enum op choose_op(struct random *r)
{
	uint64_t n = below(r, 100);

	if (n < 26)
		return OP_READ + below(r, OP_PREADV2 + 1);
	if (n < 61)
		return OP_WRITE + below(r, OP_PWRITEV2 - OP_WRITE + 1);
	if (n < 86)
		return OP_AIO_READ + below(r, OP_SPLICE_TO - OP_AIO_READ + 1);
	if (n < 92)
		return OP_SEEK;
	return CHOOSE(r, OP_TRUNCATE, OP_TRUNCATE, OP_REOPEN, OP_REOPEN, OP_DUP, OP_SETFL, OP_SETFL,
		      OP_ALLOCATE, OP_BYSTANDER, OP_BYSTANDER);
}

/*
 * qemu-user lacks some calls. What statx(2) says of alignments gets lost in it, so the library cannot predict which
 * requests of POSIX AIO the kernel would refuse.
 */
static enum op emulated_op(enum op op)
{
	switch (op) {
	case OP_AIO_READ:
	case OP_POSIX_READ:
		return OP_PREAD;
	case OP_PREADV2:
	case OP_AIO_READV:
	case OP_LIST_READ:
		return OP_PREADV;
	case OP_AIO_WRITE:
	case OP_POSIX_WRITE:
		return OP_PWRITE;
	case OP_PWRITEV2:
	case OP_AIO_WRITEV:
	case OP_LIST_WRITE:
		return OP_PWRITEV;
	default:
		return op;
	}
}

/* musl appends with write(2), which moves the offset; what the library appends for it does not (README.md). */
static enum op musl_op(const struct call *c, const struct scene *s)
{
	bool append = fcntl(s->side[DIRECT].fd[c->slot], F_GETFL) & O_APPEND;

	if (c->op == OP_POSIX_WRITE && append)
		return OP_PWRITE;
	if (c->op == OP_LIST_WRITE && append)
		return OP_PWRITEV;
	return c->op == OP_STREAM ? OP_PRINT : c->op;
}

void choose_call(struct call *c, const struct scene *s, struct random *r)
{
	c->op = choose_op(r);
	if (s->emulated || s->no_aio)
		c->op = emulated_op(c->op);
	c->slot = below(r, SLOTS);
	if (!STREAMS_ARE_COVERED)
		c->op = musl_op(c, s);
	c->door = below(r, 840); /* divisible by 1 to 8, so that all choices are equally likely */
	c->flags = 0;
	c->no_vector = false;
	c->used = 0;
	c->tail = ARENA;
	c->implied = false;
	if (c->op == OP_STREAM)
		choose_stream(c, s, r);
	else if (is_copy(c))
		choose_copy(c, s, r);
	else if (is_transfer(c))
		choose_transfer(c, s, r);
	else
		choose_change(c, s, r);
	choose_limit(c, s, r);
}
