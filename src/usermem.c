/* The program's memory. See usermem.h. */
#include "usermem.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <string.h>

#include "madvise.h"
#include "sys.h"
#include "tally.h"

struct cursor cursor_at_start(const struct iovec *iov, int count)
{
	return (struct cursor){ .iov = iov, .count = count };
}

void cursor_advance(struct cursor *c, size_t len)
{
	c->checked -= len < c->checked ? len : c->checked;
	while (c->count && len >= c->iov->iov_len - c->skip) {
		len -= c->iov->iov_len - c->skip;
		c->iov++;
		c->count--;
		c->skip = 0;
	}
	c->skip += len;
}

/* Returns the next piece in one range of memory, up to `len` bytes. */
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

static long madvise_populate(uintptr_t start, uintptr_t len, enum usermem_access access)
{
	return sys(SYS_madvise, start, len,
		   access == USERMEM_READ ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
}

/* It is asked once to populate the page of a constant for writing, which cannot succeed. */
bool usermem_advice_is_taken(void)
{
	static const char constant = 1;
	static _Atomic int8_t known; /* 0: not asked yet */
	int8_t answer = atomic_load_explicit(&known, memory_order_relaxed);
	uintptr_t page = getpagesize();

	if (likely(answer))
		return answer > 0;
	answer = madvise_populate((uintptr_t)&constant & -page, page, USERMEM_WRITE) ? 1 : -1;
	atomic_store_explicit(&known, answer, memory_order_relaxed);
	return answer > 0;
}

/*
 * Touches the pages. Returns whether they are good. False also for memory that cannot be pinned, before Linux
 * 5.14, and under an emulator.
 */
static bool populate(uintptr_t start, uintptr_t end, enum usermem_access access)
{
	return !madvise_populate(start, end - start, access) && usermem_advice_is_taken();
}

/* Every method of checking has been refused. */
static atomic_bool uncheckable;

bool usermem_uncheckable(void)
{
	return atomic_load_explicit(&uncheckable, memory_order_relaxed);
}

/*
 * The last resort, where a filter refuses everything else. Does not detect memory that is
 * read-only.
 */
static bool page_pinnable(uintptr_t page)
{
	char byte;
	const struct iovec own = { &byte, 1 };
	const struct iovec other = { (void *)page, 1 };

	long n = sys(SYS_process_vm_readv, getpid(), &own, 1L, &other, 1L, 0L);

	if (n < 0 && n != -EFAULT)
		atomic_store_explicit(&uncheckable, true, memory_order_relaxed);
	return n == 1;
}

enum verdict { BAD, GOOD, UNKNOWN };

/* The bytes that readable_at() reads. */
enum { MASK = sizeof(uint64_t) };

/*
 * Returns whether the kernel's own copy can read MASK bytes; that works with memory that cannot be
 * pinned, too (that of memfd_secret(2), of drivers). rt_sigprocmask(2) reads the new mask before it
 * looks at `how`, and an invalid one changes nothing.
 */
static enum verdict readable_at(uintptr_t addr)
{
	enum { NO_SUCH_HOW = 99 };
	long err = sys(SYS_rt_sigprocmask, NO_SUCH_HOW, addr, NULL, (size_t)MASK);

	return err == -EFAULT ? BAD : err == -EINVAL ? GOOD : UNKNOWN;
}

/* Not from the start of the page: a null pointer is no mask. */
static enum verdict page_readable(uintptr_t page)
{
	return readable_at(page + MASK);
}

/*
 * Returns whether it can be written. FUTEX_WAKE_OP adds 0 to its first word. Nobody waits on our
 * own word that it wakes, and the comparison with the old value is true only for -1.
 */
static enum verdict page_writable(uintptr_t page)
{
	static _Atomic uint32_t nobody;
	const long op = FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0xfff);
	long woken = sys(SYS_futex, &nobody, FUTEX_WAKE_OP_PRIVATE, 0L, 0L, page, op);

	return woken == -EFAULT ? BAD : woken >= 0 ? GOOD : UNKNOWN;
}

static enum verdict page_verdict(uintptr_t page, enum usermem_access access)
{
	return access == USERMEM_READ ? page_readable(page) : page_writable(page);
}

static bool page_good(uintptr_t page, enum usermem_access access)
{
	enum verdict verdict = page_verdict(page, access);

	/* A futex does not wait for memory that a thread has to supply first (userfaultfd(2)); a read does. */
	if (verdict == BAD && access == USERMEM_WRITE && page_readable(page) == GOOD)
		verdict = page_writable(page);
	return verdict == UNKNOWN ? page_pinnable(page) : verdict == GOOD;
}

/* Returns the verdict on the first page, and in `*pages` how many pages it is about. */
static enum verdict first_verdict(uintptr_t start, uintptr_t end, enum usermem_access access,
				  uintptr_t *pages)
{
	uintptr_t page = getpagesize();

	*pages = 2;
	/* A mask that lies across their border reads both. */
	if (access == USERMEM_READ && end - start > page &&
	    readable_at(start + page - MASK / 2) == GOOD)
		return GOOD;
	*pages = 1;
	return page_verdict(start, access);
}

/*
 * Checks a few pages with as little as possible, as far as that gives an answer. Returns where the
 * good ones end.
 */
static uintptr_t good_singly(uintptr_t start, uintptr_t end, enum usermem_access access,
			     enum verdict *last)
{
	uintptr_t pages;

	for (*last = GOOD; start < end && *last == GOOD;) {
		*last = first_verdict(start, end, access, &pages);
		if (*last == GOOD)
			start += pages * getpagesize();
	}
	return start;
}

/*
 * Returns how many pages are checked so. populate() takes 1.5 to 2.4 us for the first page and next
 * to nothing for the others; a look at two pages to read them takes 0.4 to 1.0 us, at one page to
 * write it 0.7 to 1.1 (after a sleep in the kernel, as these calls come; the price of a system call
 * differs that much between machines).
 */
static uintptr_t few_pages(enum usermem_access access)
{
	return access == USERMEM_READ ? 4 : 2;
}

/*
 * Returns where the good pages from `start` on end. Tries all at once first, if they are many;
 * where that fails, smaller parts, down to single pages, because what follows bad memory must not
 * be touched.
 */
static uintptr_t good_until(uintptr_t start, uintptr_t end, enum usermem_access access)
{
	enum { SINGLE = 8 }; /* at most this many pages are checked one by one */
	uintptr_t page = getpagesize();
	uintptr_t step = end - start;
	enum verdict last;

	if (step <= few_pages(access) * page) {
		start = good_singly(start, end, access, &last);
		/* What cannot be written may only have to be supplied (page_good()). */
		if (last == BAD && access == USERMEM_READ)
			return start;
	}
	while (start < end) {
		if (step > end - start)
			step = end - start;
		if (populate(start, start + step, access)) {
			start += step;
		} else if (step > SINGLE * page) {
			step = step / page / 2 * page;
		} else {
			for (uintptr_t stop = start + step; start < stop; start += page)
				if (!page_good(start, access))
					return start;
		}
	}
	return start;
}

/*
 * Returns where the last page of a piece ends. No program has the last page of all: it stands for what is beyond. (A
 * 64-bit kernel accepts a range of a 32-bit program that begins below 4 GiB and ends above.)
 */
static uintptr_t pages_end(struct iovec piece)
{
	uintptr_t page = getpagesize();
	uintptr_t addr = (uintptr_t)piece.iov_base;
	uintptr_t last = -page;

	if (addr > last || piece.iov_len > last - addr)
		return last;
	return (addr + piece.iov_len + page - 1) & ~(page - 1);
}

/* Returns how many bytes at the start of a piece of memory are good. */
static size_t good_prefix(struct iovec piece, enum usermem_access access)
{
	uintptr_t page = getpagesize();
	uintptr_t addr = (uintptr_t)piece.iov_base;
	uintptr_t good = good_until(addr & ~(page - 1), pages_end(piece), access);

	if (good <= addr)
		return 0;
	return good - addr < piece.iov_len ? good - addr : piece.iov_len;
}

/* Checks a piece. Many small pieces in the same pages share one check, from `*from` up to `*to`. */
static size_t check_piece(struct iovec piece, enum usermem_access access, uintptr_t *from,
			  uintptr_t *to)
{
	uintptr_t page = getpagesize();
	uintptr_t start = (uintptr_t)piece.iov_base;
	size_t n;

	if (start >= *from && start <= *to && piece.iov_len <= *to - start)
		return piece.iov_len;
	n = good_prefix(piece, access);
	if (n == piece.iov_len) {
		*from = start & ~(page - 1);
		*to = pages_end(piece);
	}
	return n;
}

size_t usermem_check(struct cursor *c, size_t len, enum usermem_access access)
{
	struct cursor at = *c;
	uintptr_t from = 0, to = 0;
	size_t done = 0;

	while (done < len && at.count) {
		struct iovec piece = cursor_piece(&at, len - done);
		size_t n = piece.iov_len ? check_piece(piece, access, &from, &to) : 0;

		done += n;
		cursor_advance(&at, n);
		if (n < piece.iov_len)
			break;
	}
	c->checked = done;
	return done;
}

static size_t copy_piece(struct iovec piece, void *own, enum usermem_access access)
{
	if (access == USERMEM_READ)
		memcpy(own, piece.iov_base, piece.iov_len);
	else
		memcpy(piece.iov_base, own, piece.iov_len);
	return piece.iov_len;
}

static size_t copy_pieces(struct cursor *c, void *own, size_t len, enum usermem_access access)
{
	size_t done = 0;

	if (c->checked < len)
		len = usermem_check(c, len, access);
	while (done < len && c->count) {
		struct iovec piece = cursor_piece(c, len - done);
		size_t n = piece.iov_len ? copy_piece(piece, (char *)own + done, access) : 0;

		done += n;
		cursor_advance(c, n);
	}
	return done;
}

static size_t copy_and_tally(struct cursor *c, void *own, size_t len, enum usermem_access access)
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
	return copy_and_tally(c, to, len, USERMEM_READ);
}

size_t usermem_scatter(struct cursor *c, const void *from, size_t len)
{
	return copy_and_tally(c, (void *)(uintptr_t)from, len, USERMEM_WRITE);
}

bool usermem_readable(const void *addr, size_t len)
{
	const struct iovec iov = { (void *)(uintptr_t)addr, len };

	return good_prefix(iov, USERMEM_READ) == len;
}

bool usermem_peek(struct usermem_peek *p, const void *addr, size_t len)
{
	uintptr_t size = getpagesize();
	uintptr_t page = (uintptr_t)addr & ~(size - 1);
	uintptr_t end = (uintptr_t)addr + len;

	/* The first page is where null pointers point. */
	if (end < (uintptr_t)addr || !page)
		return false;
	for (; page < end; page += size) {
		/* The caller's own stack is there. */
		if (page == p->page[0] || page == p->page[1] ||
		    page == ((uintptr_t)__builtin_frame_address(0) & ~(size - 1)))
			continue;
		if (!page_good(page, USERMEM_READ))
			return false;
		p->page[1] = p->page[0];
		p->page[0] = page;
	}
	return true;
}
