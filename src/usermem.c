/* The program's memory. See usermem.h. */
#include "usermem.h"

#include <string.h>
#include <sys/mman.h>

#include "sys.h"
#include "tally.h"

/* Linux 5.14, madvise(2); the C library's headers may be older. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

enum access { ACCESS_READ, ACCESS_WRITE };

struct cursor cursor_at_start(const struct iovec *iov, int count)
{
	return (struct cursor){ .iov = iov, .count = count };
}

void cursor_advance(struct cursor *c, size_t len)
{
	while (c->count && len >= c->iov->iov_len - c->skip) {
		len -= c->iov->iov_len - c->skip;
		c->iov++;
		c->count--;
		c->skip = 0;
	}
	c->skip += len;
}

/* The next piece in one range of memory, up to `len` bytes. */
static struct iovec cursor_piece(const struct cursor *c, size_t len)
{
	size_t left = c->iov->iov_len - c->skip;

	return (struct iovec){ (char *)c->iov->iov_base + c->skip, left < len ? left : len };
}

int cursor_pieces(const struct cursor *c, size_t len, struct iovec *pieces, int max)
{
	struct cursor at = *c;
	int n = 0;

	while (n < max && at.count && len) {
		struct iovec piece = cursor_piece(&at, len);

		if (piece.iov_len)
			pieces[n++] = piece;
		len -= piece.iov_len;
		cursor_advance(&at, piece.iov_len);
	}
	return n;
}

uintptr_t cursor_address(const struct cursor *c)
{
	return c->count == 1 ? (uintptr_t)c->iov->iov_base + c->skip : 0;
}

/* 0, or a negative errno; -EINVAL for missing permission, a device's mapping, or before Linux 5.14. */
static long populate(uintptr_t start, uintptr_t end, enum access access)
{
	return sys(SYS_madvise, start, end - start,
		   access == ACCESS_READ ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
}

/* Check the pages of a piece, and remember them. */
static long cursor_check(struct cursor *c, struct iovec piece, enum access access)
{
	uintptr_t page = getpagesize();
	uintptr_t start = (uintptr_t)piece.iov_base & ~(page - 1);
	uintptr_t end = ((uintptr_t)piece.iov_base + piece.iov_len + page - 1) & ~(page - 1);
	long err;

	if (start >= c->good_start && end <= c->good_end)
		return 0;
	err = populate(start, end, access);
	if (!err) {
		c->good_start = start;
		c->good_end = end;
	}
	return err;
}

/* The kernel's own copy: checks as it goes, and stops at the first bad page. */
static size_t copy_by_kernel(struct iovec piece, void *own, enum access access)
{
	const struct iovec local = { own, piece.iov_len };
	long n = sys(access == ACCESS_READ ? SYS_process_vm_readv : SYS_process_vm_writev, getpid(),
		     &local, 1, &piece, 1, 0);

	return n < 0 ? 0 : n;
}

static size_t copy_piece(struct cursor *c, struct iovec piece, void *own, enum access access)
{
	if (cursor_check(c, piece, access))
		return copy_by_kernel(piece, own, access);
	if (access == ACCESS_READ)
		memcpy(own, piece.iov_base, piece.iov_len);
	else
		memcpy(piece.iov_base, own, piece.iov_len);
	return piece.iov_len;
}

static size_t copy_pieces(struct cursor *c, void *own, size_t len, enum access access)
{
	size_t done = 0;

	while (done < len && c->count) {
		struct iovec piece = cursor_piece(c, len - done);
		size_t n = piece.iov_len ?
				   copy_piece(c, piece, (char *)own + done, access) : 0;

		done += n;
		cursor_advance(c, n);
		if (n < piece.iov_len)
			break;
	}
	return done;
}

static size_t copy(struct cursor *c, void *own, size_t len, enum access access)
{
	int64_t began;
	size_t done;

	if (likely(!c->tally))
		return copy_pieces(c, own, len, access);
	began = tally_clock();
	done = copy_pieces(c, own, len, access);
	tally_copied(c->tally, done, began);
	return done;
}

size_t usermem_gather(struct cursor *c, void *to, size_t len)
{
	return copy(c, to, len, ACCESS_READ);
}

size_t usermem_scatter(struct cursor *c, const void *from, size_t len)
{
	return copy(c, (void *)(uintptr_t)from, len, ACCESS_WRITE);
}

/* EINVAL has two meanings. Of the stack's own page there is only one. */
static bool can_populate(void)
{
	uintptr_t page = getpagesize();
	uintptr_t own = (uintptr_t)&page & ~(page - 1);

	return !populate(own, own + page, ACCESS_READ);
}

/* The good pages at the start of a range in which not all are good, by halves. */
static uintptr_t last_good(uintptr_t start, uintptr_t end)
{
	uintptr_t page = getpagesize();
	uintptr_t good = start;

	while (end - good > page) {
		uintptr_t middle = good + (end - good) / page / 2 * page;

		if (populate(good, middle, ACCESS_READ))
			end = middle;
		else
			good = middle;
	}
	return good;
}

static size_t piece_prefix(struct cursor *c, struct iovec piece)
{
	uintptr_t page = getpagesize();
	uintptr_t addr = (uintptr_t)piece.iov_base;
	uintptr_t good;
	long err = cursor_check(c, piece, ACCESS_READ);

	if (!err || !can_populate())
		return piece.iov_len;
	good = last_good(addr & ~(page - 1), (addr + piece.iov_len + page - 1) & ~(page - 1));
	return good > addr ? good - addr : 0;
}

size_t usermem_readable_prefix(const struct cursor *c, size_t len)
{
	struct cursor at = *c;
	size_t done = 0;

	while (done < len && at.count) {
		struct iovec piece = cursor_piece(&at, len - done);
		size_t n = piece.iov_len ? piece_prefix(&at, piece) : 0;

		done += n;
		cursor_advance(&at, n);
		if (n < piece.iov_len)
			break;
	}
	return done;
}

bool usermem_readable(const void *addr, size_t len)
{
	const struct iovec iov = { (void *)(uintptr_t)addr, len };
	struct cursor c = cursor_at_start(&iov, 1);
	char last = 0; /* the kernel sets it, which cppcheck cannot know */

	if (!cursor_check(&c, iov, ACCESS_READ))
		return true;
	/* Without the check, the copy of a byte at each end: an array lies in one mapping. */
	return copy_by_kernel((struct iovec){ iov.iov_base, 1 }, &last, ACCESS_READ) == 1 &&
	       copy_by_kernel((struct iovec){ (char *)iov.iov_base + len - 1, 1 }, &last,
			      ACCESS_READ) == 1;
}
