/* Chooses the memory of a call: its size, place and alignment, and whether it is accessible. */
#include "differential.h"

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

/* Allocates an arena at a boundary of 2 MiB, so that both sides have the same alignment. */
unsigned char *make_arena(void)
{
	size_t huge = (size_t)2 << 20;
	size_t size = ARENA + ARENA_HOLE + ARENA_TAIL;
	unsigned char *map =
		mmap(NULL, size + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		err(2, "mmap");
	map += huge - (uintptr_t)map % huge;
	if (mprotect(map + ARENA, ARENA_HOLE, PROT_NONE))
		err(2, "mprotect");
	return map;
}

size_t choose_length(struct random *r)
{
	switch (below(r, 32)) {
	case 0:
		return 0;
	case 1:
	case 2:
		return 1;
	case 3:
	case 4:
	case 5:
	case 6:
	case 7:
		return below(r, 512);
	case 8:
	case 9:
	case 10:
	case 11:
	case 12:
	case 13:
		return around_units(r, 4096);
	case 14:
	case 15:
	case 16:
	case 17:
	case 18:
	case 19:
		return around_units(r, 65536);
	case 20:
		return below(r, 1 << 20);
	case 21: /* sometimes larger than the shim's largest bounce buffer */
		return one_in(r, 8) ? ((size_t)2 << 20) + below(r, 4 << 20)
				    : around_units(r, 1 << 20);
	default:
		return below(r, 65536);
	}
}

static bool appends(const struct call *c, const struct scene *s)
{
	if (c->flags & RWF_NOAPPEND) /* overrides O_APPEND */
		return false;
	return (c->flags & RWF_APPEND) || (fcntl(s->side[DIRECT].fd[c->slot], F_GETFL) & O_APPEND);
}

/* Returns the file offset at which a call begins. */
static off_t start_of(const struct call *c, const struct scene *s)
{
	if (is_write(c) && appends(c, s))
		return end_of(s);
	return is_positional(c) ? c->pos : lseek(s->side[DIRECT].fd[c->slot], 0, SEEK_CUR);
}

/* From glibc 2.37 on, a longer text may be cut if the descriptor was not seen to be opened. */
#ifndef __GLIBC_PREREQ
#define __GLIBC_PREREQ(major, minor) 0
#endif
enum { MOST_TEXT = __GLIBC_PREREQ(2, 37) ? 2000 : 20000 };

static size_t choose_misalignment(struct random *r)
{
	return one_in(r, 2) ? (size_t)CHOOSE(r, 0, 0, 512, 64, 4) : below(r, 4096);
}

/* Places the pieces one after another, mostly with gaps, which are compared, too. */
static void place_pieces(struct call *c, struct random *r, size_t address_unit)
{
	size_t at = ARENA_GUARD + 4096 * below(r, 64);
	bool gaps = !one_in(r, 4);

	for (int i = 0; i < c->count; i++) {
		struct piece *p = &c->pieces[i];
		if (address_unit > 1)
			at = round_up(at, address_unit);
		else if (i == 0)
			at += choose_misalignment(r);
		else if (gaps)
			at += below(r, 100);
		p->place = PLACE_ARENA;
		p->at = at;
		if (at + p->len > ARENA - 2 * ARENA_TAIL)
			p->len = 0;
		if (i && is_write(c) && one_in(r, 16)) /* the same bytes again */
			p->at = c->pieces[i - 1].at, p->len = c->pieces[i - 1].len;
		else
			at += p->len;
	}
	c->used = at + ARENA_GUARD;
	c->tail = ARENA;
}

/*
 * A write from bad memory triggers defects of Linux 6.18, with or without the shim, so that there
 * is no correct result to compare with. If a part of the memory was good, the block where it ends
 * has
 * - on XFS stale memory if the write was buffered, and zeros if it was direct;
 * - on ext4 zeros if the write was direct and aligned, and an append fails with EFAULT although its
 *   bytes are in the file (so the shim does not append again after EFAULT). If the offset of a
 *   vector is aligned, this may happen before the kernel checks the alignment of its pieces.
 * On btrfs with Linux 6.1 a buffered write fails as a whole, and a direct one does not always. On block devices with Linux
 * 5.10 a buffered write ends after the last whole page.
 * Returns whether this can happen. Then the first piece must be bad from its start, so that nothing
 * is written.
 */
static bool only_all_or_nothing(const struct call *c, const struct scene *s, size_t asked)
{
	bool at_block = !(start_of(c, s) & 511);
	bool aligned = at_block && !(asked & 511);

	if (!is_write(c))
		return false;
	return s->xfs || s->faults_whole ||
	       (s->ext4 && (aligned || (is_vectored(c) && (at_block || appends(c, s)))));
}

/*
 * There is no correct result either if all of the memory is bad:
 * - ext4, buffered: a delayed allocation remains, and a direct read of it fails with EIO
 *   (iomap_dio_iter). Beyond the end the file grows nevertheless (ext4_da_write_end);
 * - XFS with Linux 6.1, buffered and beyond the end: the file grows to the end of its last block;
 * - btrfs with Linux 6.1, direct and to or from the end: the file grows;
 * - XFS, direct: 0 instead of EFAULT, which moves the offset to the end of the file when appending.
 * Returns whether this can happen.
 */
static bool never_bad(const struct call *c, const struct scene *s)
{
	int flags = fcntl(s->side[DIRECT].fd[c->slot], F_GETFL);

	/* The C library itself would read what is printed. */
	if (s->emulated || c->op == OP_PRINT)
		return true;
	/*
	 * Aligned requests are the C library's or the kernel's, and direct I/O needs all of their memory (doc/design.md,
	 * Limits). A disk may take most addresses, and a length that is cut becomes aligned.
	 */
	if ((flags & O_DIRECT) && (is_posix(c) || (is_aio(c) && !(start_of(c, s) & 511))))
		return true;
	if (!is_write(c))
		return false;
	if (s->grows_on_fault && start_of(c, s) > end_of(s))
		return true;
	if (s->grows_on_direct_fault && (flags & O_DIRECT) &&
	    end_of(s) - start_of(c, s) <= (off_t)asked_bytes(c))
		return true;
	if (s->xfs)
		return appends(c, s) && !is_positional(c);
	return s->ext4 && (!(flags & O_DIRECT) || start_of(c, s) > end_of(s));
}

static void spoil_the_start(struct call *c, struct random *r)
{
	struct piece *p = &c->pieces[0];

	p->len += !p->len;
	if (one_in(r, 2))
		p->place = PLACE_NULL;
	else
		p->at = ARENA + below(r, 8192);
}

static void spoil_a_piece(struct call *c, struct random *r)
{
	struct piece *p = &c->pieces[below(r, c->count)];
	size_t before = below(r, p->len < ARENA_TAIL / 2 ? p->len + 1 : ARENA_TAIL / 2);

	switch (below(r, 8)) {
	case 0:
		p->place = PLACE_NULL;
		break;
	case 1:
		p->place = PLACE_KERNEL;
		break;
	case 2:
		p->at = ARENA + below(r, 8192);
		break;
	case 3: /* a whole number of pages is good, as the kernel pins whole pages */
		before = before / 4096 * 4096;
		/* fall through */
	default:
		p->at = ARENA - before;
		c->tail = p->at - ARENA_GUARD;
		break;
	}
}

/* Uses a length that the kernel refuses, or cuts at MAX_RW_COUNT and at the end of the memory. */
static void exaggerate_a_piece(struct call *c, struct random *r)
{
	static const size_t lengths[] = {
		SIZE_MAX, SSIZE_MAX, (size_t)SSIZE_MAX + 1, 0x7ffff000, 0x80000000, 0xffffffff,
	};

	c->pieces[below(r, c->count)].len = lengths[below(r, COUNT_OF(lengths))];
	c->used = ARENA;
}

static void choose_badness(struct call *c, const struct scene *s, struct random *r)
{
	bool careful = only_all_or_nothing(c, s, asked_bytes(c));

	if (one_in(r, 24))
		(careful ? spoil_the_start : spoil_a_piece)(c, r);
	else if (one_in(r, 400) && !only_all_or_nothing(c, s, 0)) /* MAX_RW_COUNT is aligned */
		exaggerate_a_piece(c, r);
}

static int choose_count(const struct call *c, struct random *r)
{
	if (is_list(c))
		return 1 + (int)below(r, 8);
	switch (below(r, 64)) {
	case 0:
		return CHOOSE(r, -1, INT_MIN, IOV_MAX + 1);
	case 1:
		return IOV_MAX;
	case 2:
		return 0;
	case 3:
	case 4:
	case 5:
	case 6:
		return 1 + below(r, 100);
	default:
		return 1 + below(r, 8);
	}
}

static size_t choose_piece_length(struct random *r, int count)
{
	if (one_in(r, 8))
		return 0;
	if (count > 8)
		return one_in(r, 4) ? 512 * below(r, 3) : below(r, 1000);
	return choose_length(r) / (one_in(r, 2) ? 1 : 4);
}

void choose_pieces(struct call *c, const struct scene *s, struct random *r, size_t length_unit,
		   size_t address_unit)
{
	c->count = is_vectored(c) ? choose_count(c, r) : 1;
	for (int i = 0; i < c->count && i < MOST_PIECES; i++) {
		size_t len = is_vectored(c) ? choose_piece_length(r, c->count) : choose_length(r);

		c->pieces[i].len = round_up(len, length_unit);
	}
	if (c->op == OP_PRINT)
		c->pieces[0].len = 1 + below(r, MOST_TEXT);
	place_pieces(c, r, address_unit);
	if (c->count > 0 && !never_bad(c, s))
		choose_badness(c, s, r);
	c->no_vector = is_vectored(c) && !is_list(c) && one_in(r, 200);
	c->fill = random_word(r);
}
