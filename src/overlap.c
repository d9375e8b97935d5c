/* Whole blocks on their way while the thread does something else. See overlap.h. */
#include "overlap.h"

#include "sys.h"
#include "tally.h"
#include "without.h"
#include "write.h"

enum {
	/* Smaller pieces cost more calls than they hide, larger ones leave the first copy in the open. */
	PIECE_LEAST = 128 << 10,
	PIECE_MOST = BOUNCE_LARGE / RING_DEPTH,
};

/*
 * Where a piece is refused (blocks that are not allocated yet, or never written, or the kernel would have
 * to read where they are; a device without REQ_NOWAIT), those of the next request may be as well: then not
 * to try for a while, and twice as long each time.
 */
static __thread struct {
	uint8_t left; /* requests for which not to try */
	uint8_t next; /* how long, the next time */
} pause_of_thread __attribute__((tls_model("initial-exec")));

enum { PAUSE_MOST = 32 };

static bool pausing(void)
{
	return pause_of_thread.left && pause_of_thread.left--;
}

static void has_gone(bool well)
{
	uint8_t next = pause_of_thread.next;

	pause_of_thread.left = well ? 0 : next;
	pause_of_thread.next = well ? 0 : !next ? 1 : next < PAUSE_MOST ? 2 * next : next;
}

_Static_assert(PIECE_MOST % PIECE_LEAST == 0, "pieces are multiples of any block");

bool overlap_pays(size_t len)
{
	return len >= 2 * (size_t)PIECE_LEAST;
}

bool overlap_possible(const struct request *rq, const struct descriptor *d, uint64_t pos, size_t len)
{
	size_t block = d->geo.block;

	if ((without & WITHOUT_OVERLAP) || !d->known || rq->flags || write_synchronous(rq, d))
		return false;
	return len && !((pos | len) & (block - 1)) && pos + len <= d->size;
}

/* A quarter of the whole, so that all parts of the buffer have a share, within bounds. */
static size_t piece_size(size_t len)
{
	size_t quarter = (len / RING_DEPTH + PIECE_LEAST - 1) & ~(size_t)(PIECE_LEAST - 1);

	if (quarter > PIECE_MOST)
		return PIECE_MOST;
	return quarter > PIECE_LEAST ? quarter : PIECE_LEAST;
}

bool overlap_begin(struct overlap *o, int fd, uint64_t pos, size_t len)
{
	if (pausing())
		return false;
	*o = (struct overlap){
		.fd = fd,
		.piece = piece_size(len),
		.next = pos,
		.bad = UINT64_MAX,
	};
	if (!bounce_get(&o->bounce, len))
		return false;
	o->ring = ring_get();
	if (!o->ring) {
		bounce_put(&o->bounce);
		return false;
	}
	/* No more than a small buffer left: one piece, or none. */
	if (o->piece > o->bounce.size)
		o->piece = o->bounce.size;
	return true;
}

static void is_bad_from(struct overlap *o, uint64_t pos)
{
	if (pos < o->bad)
		o->bad = pos;
}

static char *part_address(const struct overlap *o, unsigned i)
{
	return o->bounce.addr + i * o->piece;
}

/*
 * A file whose times are due for an update takes nothing without waiting (XFS), nor does one of whose
 * blocks some are in the page cache. After one synchronous write it may.
 */
static long write_waiting(struct overlap *o, unsigned i)
{
	o->waited = true;
	return sys(SYS_pwrite64, o->fd, part_address(o, i), o->part[i].len, o->part[i].pos);
}

static void wait_for_one(struct overlap *o)
{
	long ret;
	unsigned i = ring_wait(o->ring, &ret);

	if (ret == -EAGAIN && !o->waited)
		ret = write_waiting(o, i);
	tally_moved(o->tally, ret);
	o->part[i].under_way = false;
	o->under_way--;
	if (ret < (long)o->part[i].len)
		is_bad_from(o, o->part[i].pos + (ret > 0 ? ret : 0));
}

/* How many pieces the bounce buffer holds. */
static unsigned parts(const struct overlap *o)
{
	size_t n = o->bounce.size / o->piece;

	return n < RING_DEPTH ? (unsigned)n : RING_DEPTH;
}

/* A part of the bounce buffer that no piece under way is in. */
static unsigned free_part(struct overlap *o)
{
	for (;;) {
		for (unsigned i = 0; i < parts(o); i++)
			if (!o->part[i].under_way)
				return i;
		wait_for_one(o);
	}
}

static void write_piece(struct overlap *o, struct cursor *from, size_t len)
{
	unsigned i = free_part(o);
	char *at = part_address(o, i);

	if (usermem_gather(from, at, len) < len || !ring_write(o->ring, o->fd, at, len, o->next, i)) {
		is_bad_from(o, o->next);
		return;
	}
	o->part[i].pos = o->next;
	o->part[i].len = (uint32_t)len;
	o->part[i].under_way = true;
	o->under_way++;
	o->next += len;
	/* What the kernel will not do without waiting is refused at once. */
	while (ring_done(o->ring))
		wait_for_one(o);
}

void overlap_write(struct overlap *o, struct cursor *from, uint64_t end)
{
	o->tally = from->tally;
	while (o->next < end && !overlap_stopped(o))
		write_piece(o, from, end - o->next < o->piece ? end - o->next : o->piece);
}

uint64_t overlap_end(struct overlap *o)
{
	while (o->under_way)
		wait_for_one(o);
	bounce_put(&o->bounce);
	has_gone(!overlap_stopped(o));
	return o->bad < o->next ? o->bad : o->next;
}
