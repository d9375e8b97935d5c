/* How the data of a copy is moved, and whether the shim moves it at all. See copy.h. */
#include <fcntl.h>

#include "copy.h"
#include "plan.h"
#include "sys.h"

enum { SPLICE_FLAGS = 0x0f }; /* SPLICE_F_MOVE, _NONBLOCK, _MORE, _GIFT */

static bool readable(const struct copy_end *e)
{
	return !(e->d.flags & O_PATH) && (e->d.flags & O_ACCMODE) != O_WRONLY;
}

/* The kernel makes no copy to an appending descriptor. */
static bool writable(const struct copy_end *e)
{
	return !(e->d.flags & O_PATH) && (e->d.flags & O_ACCMODE) != O_RDONLY &&
	       !(e->kind == COPY_FILE && (e->d.flags & O_APPEND));
}

/* An end without positions must not be given one; the others must have one that is possible. */
static bool position_fits(const struct copy_end *e, const int64_t *given, size_t len)
{
	if (e->kind != COPY_FILE && e->kind != COPY_SINK)
		return !given;
	return e->pos >= 0 && e->pos <= (int64_t)(INT64_MAX - len);
}

/* copy_file_range(2) refuses to copy a part of a file over itself. */
static bool overlapping(const struct copying *w)
{
	uint64_t in = (uint64_t)w->in.pos, out = (uint64_t)w->out.pos;
	uint64_t len = w->left;

	if (w->in.d.file != w->out.d.file)
		return false;
	if (in >= w->in.d.size)
		return false;
	if (len > w->in.d.size - in)
		len = w->in.d.size - in;
	return out + len > in && out < in + len;
}

static enum copy_way choose_range(const struct copying *w)
{
	if (w->call->flags || w->in.kind != COPY_FILE || w->out.kind != COPY_FILE ||
	    w->in.d.block_device || w->out.d.block_device || overlapping(w))
		return COPY_NO_WAY;
	return COPY_FILES;
}

static enum copy_way choose_splice(const struct copying *w)
{
	if (w->call->flags & ~(unsigned)SPLICE_FLAGS)
		return COPY_NO_WAY;
	if (w->in.kind == COPY_FILE && w->out.kind == COPY_PIPE)
		return COPY_TO_PIPE;
	return w->in.kind == COPY_PIPE && w->out.kind == COPY_FILE ? COPY_FROM_PIPE : COPY_NO_WAY;
}

static enum copy_way choose_sendfile(const struct copying *w)
{
	if (w->in.kind != COPY_FILE)
		return COPY_NO_WAY;
	switch (w->out.kind) {
	case COPY_FILE:
	case COPY_SINK:
		return COPY_FILES;
	case COPY_PIPE:
		return COPY_TO_PIPE;
	case COPY_STREAM:
		return COPY_TO_STREAM;
	default:
		return COPY_NO_WAY;
	}
}

enum copy_way copy_choose(const struct copying *w)
{
	if (!w->in.direct && !w->out.direct)
		return COPY_NO_WAY;
	if (!readable(&w->in) || !writable(&w->out) ||
	    !position_fits(&w->in, w->call->in_pos, w->left) ||
	    !position_fits(&w->out, w->call->out_pos, w->left))
		return COPY_NO_WAY;
	switch (w->call->name) {
	case COPY_RANGE:
		return choose_range(w);
	case COPY_SPLICE:
		return choose_splice(w);
	default:
		return choose_sendfile(w);
	}
}

size_t copy_there(const struct copying *w)
{
	uint64_t there;

	if (w->in.kind != COPY_FILE || !w->in.d.strict)
		return w->left;
	if ((uint64_t)w->in.pos >= w->in.d.size)
		return 0;
	there = w->in.d.size - (uint64_t)w->in.pos;
	return there < w->left ? there : w->left;
}

/*
 * The kernel splits the length in its own ways (at the end of the file, at the size of a pipe), so
 * a length that is misaligned anywhere counts.
 */
static bool misaligned(const struct copy_end *e, int64_t pos, size_t len)
{
	return e->direct && plan_misaligned(&e->d.align, (uint64_t)pos, len, (uintptr_t)pos);
}

/*
 * The kernel writes from the pages that it has read. There the data is as far into a page as it is
 * in the file, and the first part is as much shorter.
 */
static bool any_misaligned(const struct copying *w, size_t there)
{
	size_t len = w->left | there;

	return misaligned(&w->in, w->in.pos, len) ||
	       misaligned(&w->out, w->out.pos | w->in.pos, len);
}

static bool guess_more(struct copy_end *e)
{
	return e->direct && descriptor_guess_more(&e->d);
}

bool copy_explained(struct copying *w, enum copy_way way, int refusal)
{
	size_t there = copy_there(w);

	/* Where the data lies in the pages of the pipe cannot be seen. */
	if (way == COPY_FROM_PIPE)
		return refusal == EINVAL;
	if (!there)
		return false;
	/* See reads_past_end() in rescue.c. */
	if (refusal == EIO && w->in.direct && there < w->left)
		return true;
	while (!any_misaligned(w, there))
		if (!guess_more(&w->in) && !guess_more(&w->out))
			return false;
	return true;
}
