/*
 * What a program must do that aligns its direct I/O itself: the yardstick of misaligned calls.
 *
 * Reads go through an aligned buffer. A write reads the blocks at both ends, puts its bytes between
 * them and writes whole blocks. A file that grows has to be cut to its length when it is complete;
 * that is not measured. This is what such programs do, and not safe: a neighbour's write to one of
 * the blocks is lost, and the file is longer than its data until the end.
 */
#include "iobench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SECTOR_LEAST = 512 };

/* The blocks that a transfer touches. */
struct blocks {
	uint64_t start, end; /* in the file */
	size_t block;
};

/* Returns the alignment of lengths and offsets that the kernel reports, in bytes. */
static size_t block_of(int fd)
{
#ifdef STATX_DIOALIGN
	struct statx sx;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &sx) && (sx.stx_mask & STATX_DIOALIGN) &&
	    sx.stx_dio_offset_align)
		return sx.stx_dio_offset_align;
#endif
	(void)fd;
	return SECTOR_LEAST;
}

void hand_prepare(struct worker *w)
{
	size_t size = w->setup->size + 2 * PAGE;

	w->hand_block = block_of(w->fd);
	w->hand = aligned_alloc(PAGE, size);
	if (!w->hand || w->hand_block > PAGE)
		die("--by-hand: no memory, or blocks of more than %d bytes", PAGE);
	memset(w->hand, 1, size);
}

static struct blocks blocks_around(const struct worker *w, uint64_t pos, size_t len)
{
	size_t block = w->hand_block;

	return (struct blocks){ pos & ~(block - 1), (pos + len + block - 1) & ~(block - 1), block };
}

/* Turns a short count into an error. */
static ssize_t all_of(ssize_t ret, size_t len)
{
	if (ret >= 0 && (size_t)ret != len) {
		errno = ENODATA;
		return -1;
	}
	return ret;
}

ssize_t hand_read(struct worker *w, void *to, size_t len, uint64_t pos)
{
	struct blocks b = blocks_around(w, pos, len);

	if (all_of(pread(w->fd, w->hand, b.end - b.start, b.start), b.end - b.start) < 0)
		return -1;
	memcpy(to, w->hand + (pos - b.start), len);
	return len;
}

static ssize_t read_block(struct worker *w, const struct blocks *b, uint64_t at)
{
	return all_of(pread(w->fd, w->hand + (at - b->start), b->block, at), b->block);
}

/* Reads the blocks that the write changes only in part. */
static ssize_t read_ends(struct worker *w, const struct blocks *b, uint64_t pos, uint64_t end)
{
	uint64_t last = b->end - b->block;

	if (pos != b->start && read_block(w, b, b->start) < 0)
		return -1;
	if (end != b->end && (last != b->start || pos == b->start) && read_block(w, b, last) < 0)
		return -1;
	return 0;
}

static ssize_t write_blocks(struct worker *w, const struct blocks *b, const void *from, size_t len,
			    uint64_t pos)
{
	memcpy(w->hand + (pos - b->start), from, len);
	return all_of(pwrite(w->fd, w->hand, b->end - b->start, b->start), b->end - b->start) < 0
		       ? -1
		       : (ssize_t)len;
}

ssize_t hand_overwrite(struct worker *w, const void *from, size_t len, uint64_t pos)
{
	struct blocks b = blocks_around(w, pos, len);

	return read_ends(w, &b, pos, pos + len) < 0 ? -1 : write_blocks(w, &b, from, len, pos);
}

/* The block in which the file ended is still in the buffer, as a good program would keep it. */
ssize_t hand_extend(struct worker *w, const void *from, size_t len, uint64_t pos)
{
	struct blocks b = blocks_around(w, pos, len);

	if (write_blocks(w, &b, from, len, pos) < 0)
		return -1;
	memmove(w->hand, w->hand + (b.end - b.start - b.block), b.block);
	return len;
}
