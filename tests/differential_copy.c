/*
 * Copies between a descriptor and another one, which has a file of its own (the spare file) or is a pipe:
 * sendfile(2), copy_file_range(2), splice(2). The other file may be direct, too.
 */
#include "differential.h"
#include "plain.h"
#include "raw.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A pipe has 16 pages; the first and the last may be partial. */
enum { SPARE = 100003, SPARE_ROOM = 400000, PIPE_MOST = 14 * 4096 };

struct result {
	off_t pos, other_pos; /* as the call has left them */
	off_t spare_offset;
	size_t len; /* what is in the spare file or in the pipe */
	unsigned char bytes[SPARE_ROOM];
};
static struct result results[SIDES];
static int pipes[SIDES][2];
static bool spare_changed[SIDES] = { true, true };

static const unsigned char *pattern(void)
{
	static unsigned char bytes[SPARE];
	struct random r = { 77 };

	if (!bytes[0])
		random_fill(&r, bytes, SPARE);
	return bytes;
}

static void reset_spare(const struct side *side, enum which which)
{
	if (!spare_changed[which])
		return;
	spare_changed[which] = false;
	if (ftruncate(side->spare, 0) ||
	    raw_syscall(SYS_pwrite64, side->spare, pattern(), SPARE, SYS64_EVEN(0)) != SPARE)
		err(2, "the spare file");
}

/* Beside the file, because copy_file_range(2) does not leave the filesystem. */
void open_spare(struct scene *s, struct side *side)
{
	enum which which = (enum which)(side - s->side);
	char path[4096];

	snprintf(path, sizeof(path), "%s.spare", side->path);
	side->spare = s->block_device ? memfd_create("spare", MFD_CLOEXEC)
				      : (int)raw_syscall(SYS_openat, AT_FDCWD, path,
							 O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (side->spare < 0 || pipe(pipes[which]))
		err(2, "%s", path);
	reset_spare(side, which);
}

static bool uses_pipe(const struct call *c)
{
	return c->op == OP_SPLICE_FROM || c->op == OP_SPLICE_TO;
}

void choose_copy(struct call *c, const struct scene *s, struct random *r)
{
	for (enum which which = 0; which < SIDES; which++)
		reset_spare(&s->side[which], which);
	c->pos = choose_offset(s, r);
	c->other_pos = (off_t)(one_in(r, 3) ? around_units(r, SPARE) : below(r, SPARE + 5000));
	c->implied = one_in(r, 2);
	c->other_direct = one_in(r, 2);
	c->other_slot = below(r, SLOTS);
	c->flags = c->op == OP_SPLICE_FROM && one_in(r, 4) ? SPLICE_F_MORE : 0;
	if (c->op == OP_RANGE_WITHIN)
		c->other_pos = choose_offset(s, r);
	if (c->pos > end_of(s) + LARGE_FILE)
		c->pos = 0;
	if (c->other_pos > end_of(s) + LARGE_FILE)
		c->other_pos = 0;
	c->count = 1;
	/* In two parts, such a copy may end early if it moves the end of its own file (copies_files.c has both). */
	c->pieces[0] = (struct piece){ .len = choose_length(r) %
					      (c->op == OP_RANGE_WITHIN ? 32768 : 150000) };
	if (uses_pipe(c))
		c->pieces[0].len %= PIPE_MOST + 1;
	c->fill = random_word(r);
}

/* The spare file's flag, on the direct side. A memfd may refuse it. */
static void prepare(const struct call *c, const struct side *side, enum which which)
{
	int flags = (int)raw_syscall(SYS_fcntl, side->spare, F_GETFL) & ~O_DIRECT;

	if (lseek(side->spare, c->op == OP_RANGE_WITHIN ? 0 : c->other_pos, SEEK_SET) < 0)
		err(2, "lseek");
	if (which == DIRECT && c->other_direct)
		fcntl(side->spare, F_SETFL, flags | O_DIRECT);
}

static void take_spare(const struct side *side, struct result *result)
{
	long got;

	raw_syscall(SYS_fcntl, side->spare, F_SETFL, O_RDWR);
	result->spare_offset = lseek(side->spare, 0, SEEK_CUR);
	got = raw_syscall(SYS_pread64, side->spare, result->bytes, SPARE_ROOM, SYS64_EVEN(0));
	if (got < 0)
		err(2, "cannot read the spare file");
	result->len = (size_t)got;
}

/* Two pieces of any length, then the rest: each begins a page of the pipe, if it does not fit into the last one. */
static void fill_pipe(const struct call *c, enum which which)
{
	struct random r = { c->fill };
	const unsigned char *from = pattern();
	size_t left = c->pieces[0].len;

	for (int piece = 0; left; piece++) {
		size_t len = piece < 2 ? 1 + below(&r, left < 4096 ? left : 4096) : left;

		if (raw_syscall(SYS_write, pipes[which][1], from, len) != (long)len)
			err(2, "the pipe");
		from += len;
		left -= len;
	}
}

static void drain(enum which which, struct result *result)
{
	int there = 0;

	result->len = 0;
	if (ioctl(pipes[which][0], FIONREAD, &there))
		err(2, "FIONREAD");
	while (there > (int)result->len)
		result->len += (size_t)raw_syscall(SYS_read, pipes[which][0],
						   result->bytes + result->len,
						   (size_t)there - result->len);
}

/* Of 64-bit positions. */
#ifdef SYS_sendfile64
#define NUMBER_sendfile SYS_sendfile64
#else
#define NUMBER_sendfile SYS_sendfile
#endif

static long send_plain(int out, int in, off_t *pos, size_t len)
{
	long at = pos ? (long)*pos : 0;
	long ret = plain_sendfile(out, in, pos ? &at : NULL, len);

	if (pos)
		*pos = at;
	return ret;
}

static long send_from_to(const struct call *c, int out, int in, off_t *pos, enum which which)
{
	size_t len = c->pieces[0].len;

	if (which == ORDINARY)
		return raw_syscall(NUMBER_sendfile, out, in, pos, len);
	switch (c->door % 3) {
	case 0:
		if (!pos || plain_fits(*pos + (off_t)len))
			return send_plain(out, in, pos, len);
		/* fall through */
	case 1:
		return sendfile64(out, in, pos, len);
	default:
		return syscall(NUMBER_sendfile, out, in, pos, len);
	}
}

static long range(const struct call *c, int in, off_t *in_pos, int out, off_t *out_pos,
		  enum which which)
{
	size_t len = c->pieces[0].len;

	if (which == ORDINARY)
		return raw_syscall(SYS_copy_file_range, in, in_pos, out, out_pos, len, 0);
	return c->door % 2 ? copy_file_range(in, in_pos, out, out_pos, len, 0)
			   : syscall(SYS_copy_file_range, in, in_pos, out, out_pos, len, 0);
}

static long splice_pipe(const struct call *c, int in, off_t *in_pos, int out, off_t *out_pos,
			enum which which)
{
	size_t len = c->pieces[0].len;
	unsigned flags = (unsigned)c->flags;

	if (which == ORDINARY)
		return raw_syscall(SYS_splice, in, in_pos, out, out_pos, len, flags);
	return c->door % 2 ? splice(in, in_pos, out, out_pos, len, flags)
			   : syscall(SYS_splice, in, in_pos, out, out_pos, len, flags);
}

long make_copy(const struct call *c, const struct scene *s, enum which which)
{
	const struct side *side = &s->side[which];
	struct result *result = &results[which];
	off_t *pos = c->implied ? NULL : &result->pos;
	off_t *other = c->implied ? NULL : &result->other_pos;
	int fd = side->fd[c->slot];
	int spare = side->spare;
	long ret;
	int error;

	result->pos = c->pos;
	result->other_pos = c->other_pos;
	prepare(c, side, which);
	if (c->op == OP_SPLICE_TO)
		fill_pipe(c, which);
	errno = 0;
	switch (c->op) {
	case OP_SENDFILE_FROM:
		ret = send_from_to(c, spare, fd, pos, which);
		break;
	case OP_SENDFILE_TO:
		ret = send_from_to(c, fd, spare, other, which);
		break;
	case OP_RANGE_FROM:
		ret = range(c, fd, pos, spare, other, which);
		break;
	case OP_RANGE_TO:
		ret = range(c, spare, other, fd, pos, which);
		break;
	case OP_RANGE_WITHIN:
		ret = range(c, fd, pos, side->fd[c->other_slot], other, which);
		break;
	case OP_SPLICE_FROM:
		ret = splice_pipe(c, fd, pos, pipes[which][1], NULL, which);
		break;
	default:
		ret = splice_pipe(c, pipes[which][0], NULL, fd, pos, which);
	}
	error = errno;
	if (uses_pipe(c))
		drain(which, result);
	else
		take_spare(side, result);
	spare_changed[which] |= !uses_pipe(c);
	errno = error;
	return ret;
}

const char *copy_difference(const struct scene *s)
{
	const struct result *want = &results[ORDINARY];
	const struct result *got = &results[DIRECT];

	(void)s;
	if (got->pos != want->pos || got->other_pos != want->other_pos)
		return "a position given";
	if (got->spare_offset != want->spare_offset)
		return "the other descriptor's file offset";
	if (got->len != want->len || memcmp(got->bytes, want->bytes, want->len))
		return "what was copied";
	return NULL;
}
