/*
 * A copy from file to file, piece by piece: each is read into memory and written from it, by the
 * shim's own reads and writes on a direct descriptor (move.h), and by plain ones on another. See
 * copy.h.
 */
#include <unistd.h>

#include "copy.h"
#include "copy_buffer.h"
#include "move.h"
#include "sys.h"

void copy_advance(struct copying *w, size_t n)
{
	w->in.pos += (int64_t)n;
	w->out.pos += (int64_t)n;
	w->left -= n;
	w->moved += n;
}

/* Makes the end's request one about this piece, in the shim's own memory. Returns what it was about. */
static const struct iovec *begin_piece(struct copy_end *e, const struct iovec *piece)
{
	const struct iovec *all = e->rq.iov;

	e->rq.iov = piece;
	e->rq.pos = e->pos;
	e->rq.checked = piece->iov_len;
	return all;
}

long copy_read(struct copying *w, void *to, size_t len)
{
	const struct iovec piece = { to, len };
	const struct iovec *all = begin_piece(&w->in, &piece);
	long ret = w->in.direct ? move_read(&w->in.rq, &w->in.d) : request_issue(&w->in.rq);

	w->in.rq.iov = all;
	return ret;
}

long copy_write(struct copying *w, void *from, size_t len)
{
	const struct iovec piece = { from, len };
	const struct iovec *all = begin_piece(&w->out, &piece);
	long ret = w->out.direct ? move_write(&w->out.rq, &w->out.d) : request_issue(&w->out.rq);

	w->out.rq.iov = all;
	/* The next piece is planned by the size: whether its edge is at the end of the file. */
	if (ret > 0 && (uint64_t)w->out.pos + (uint64_t)ret > w->out.d.size &&
	    !w->out.d.block_device)
		w->out.d.size = (uint64_t)w->out.pos + (uint64_t)ret;
	return ret;
}

/*
 * Pieces end at multiples of COPY_PIECE in the file that is written, so that only the first and the
 * last of them have edges.
 */
static size_t piece_length(const struct copying *w)
{
	size_t len = COPY_PIECE - ((uint64_t)w->out.pos & (COPY_PIECE - 1));

	return len < w->left ? len : w->left;
}

enum {
	/* After this much, a copy ends early if a signal is waiting. */
	PATIENCE = 16 << 20,
};

/* All signals are blocked, as they are while the kernel copies; but a kill has to wait, too. */
static bool signal_waits(const struct copying *w)
{
	uint64_t pending = 0;

	return w->moved >= PATIENCE && !sys(SYS_rt_sigpending, &pending, sizeof(pending)) &&
	       pending;
}

long copy_files(struct copying *w)
{
	/* Whole blocks are written from where they lie if the memory is as misaligned as the file. */
	const struct copy_end *phase = w->out.direct ? &w->out : &w->in;
	struct copy_buffer b;
	size_t page = (size_t)getpagesize();
	long ret = 0;

	if (!copy_buffer_map(&b, piece_length(w) < w->left ? (size_t)COPY_PIECE : w->left))
		return COPY_ASIDE;
	while (w->left && !signal_waits(w)) {
		size_t len = piece_length(w);
		char *at = copy_buffer_at(&b, phase->pos, page);
		long got = copy_read(w, at, len);

		ret = got > 0 ? copy_write(w, at, (size_t)got) : got;
		if (ret <= 0)
			break;
		copy_advance(w, (size_t)ret);
		/*
		 * What a short write has left is tried again, as the kernel does: only then is there a signal at a
		 * limit. But copy_file_range(2) is cut at the limit before. A short read is the end of the file.
		 */
		if (ret < got ? w->call->name == COPY_RANGE : (size_t)got < len)
			break;
	}
	copy_buffer_unmap(&b);
	return ret < 0 ? ret : 0;
}
