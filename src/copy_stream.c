/*
 * A copy from a direct file to a stream socket. See copy.h.
 *
 * A round sends what the socket takes without waiting. If the program's socket blocks, the first
 * bytes of the rest are then sent by a call that may wait (copy_by_hand()), with nothing held and
 * the program's signal mask: a signal, a timeout (SO_SNDTIMEO) and SA_RESTART do to it what they do
 * to sendfile(2) in the kernel.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "copy.h"
#include "copy_buffer.h"
#include "sys.h"

static void keep_rest(struct copying *w, const char *from, size_t len)
{
	if (w->out.d.flags & O_NONBLOCK)
		return;
	w->rest_len = len < COPY_REST ? len : COPY_REST;
	memcpy(w->rest, from, w->rest_len);
}

/* Sends one piece. Returns 0 to go on; otherwise what stops the round. */
static long send_piece(struct copying *w, const struct copy_buffer *b, bool *stopped)
{
	char *at = copy_buffer_at(b, w->in.pos, (size_t)getpagesize());
	long got = copy_read(w, at, w->left < COPY_PIECE ? w->left : (size_t)COPY_PIECE);
	long sent;

	*stopped = true;
	if (got <= 0)
		return got;
	sent = sys(SYS_sendto, w->out.rq.fd, at, got, MSG_DONTWAIT, NULL, 0L);
	if (sent < 0 && sent != -EAGAIN)
		return sent;
	if (sent < 0)
		sent = 0;
	copy_advance(w, (size_t)sent);
	if (sent < got)
		keep_rest(w, at + sent, (size_t)(got - sent));
	*stopped = sent < got;
	return sent || w->rest_len ? 0 : -EAGAIN;
}

long copy_to_stream(struct copying *w)
{
	struct copy_buffer b;
	bool stopped = false;
	long ret = 0;

	w->rest_len = 0;
	if (!copy_buffer_map(&b, w->left < COPY_PIECE ? w->left : (size_t)COPY_PIECE))
		return COPY_ASIDE;
	while (w->left && !stopped && !ret)
		ret = send_piece(w, &b, &stopped);
	copy_buffer_unmap(&b);
	return ret;
}
