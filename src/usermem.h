/*
 * The program's memory, which may be anything: unmapped, read-only, the tail of a truncated file, a page
 * that another thread of the program has to bring first (userfaultfd(2)).
 *
 * The kernel answers a bad pointer with EFAULT or a short count; a memcpy would answer with SIGSEGV. So
 * the memory of a call is checked, and thereby touched, before anything is taken that others may need:
 * usermem_check(). A thread that unmaps a buffer while another writes from it can still come between the
 * check and the copy.
 */
#ifndef DIOSHIM_USERMEM_H
#define DIOSHIM_USERMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct tally;

/* A place in an iovec array; the array itself stays the program's. */
struct cursor {
	const struct iovec *iov;
	int count;
	size_t skip; /* bytes of iov[0] that are behind us */
	size_t checked; /* bytes from here on that were checked, in the direction of the copy */
	struct tally *tally; /* where copies are counted; null: nowhere */
};

struct cursor cursor_at_start(const struct iovec *iov, int count);

/* Move on by `len` bytes. Never beyond the end of the array. */
void cursor_advance(struct cursor *c, size_t len);

/* The next bytes, up to `len`, as at most `max` pieces. Returns how many pieces. Does not move. */
int cursor_pieces(const struct cursor *c, size_t len, struct iovec *pieces, int max);

/* Address of the next byte if all the rest is in one piece, else 0. */
uintptr_t cursor_address(const struct cursor *c);

/* Copy `len` bytes out of the program's memory, or into it, and move on. Returns the bytes copied:
 * fewer than `len` where memory is met that cannot be read or written. */
size_t usermem_gather(struct cursor *c, void *to, size_t len);
size_t usermem_scatter(struct cursor *c, const void *from, size_t len);

enum usermem_access { USERMEM_READ, USERMEM_WRITE };

/*
 * How many of the next `len` bytes can be read, or written, before memory is met that cannot. Touches
 * them. Remembers the answer in c->checked, so that copies need not ask again.
 */
size_t usermem_check(struct cursor *c, size_t len, enum usermem_access access);

/* Has it turned out that nothing can be checked here (a seccomp filter)? Then nothing is copied. */
bool usermem_uncheckable(void);

/* Can all of it be read? */
bool usermem_readable(const void *addr, size_t len);

#endif
