/*
 * The program's memory, which may be anything: unmapped, read-only, the tail of a truncated file.
 *
 * The kernel answers a bad pointer with EFAULT or a short count; a memcpy would answer with SIGSEGV.
 * So each range is checked before it is touched. A thread that unmaps a buffer while another writes
 * from it can still come between the check and the copy.
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
	/* Pages found good for the current direction: many small pieces share one check. */
	uintptr_t good_start;
	uintptr_t good_end;
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

/*
 * How many of the next `len` bytes can be read before memory is met that cannot. `len` where that
 * cannot be told.
 */
size_t usermem_readable_prefix(const struct cursor *c, size_t len);

/* Can all of it be read? */
bool usermem_readable(const void *addr, size_t len);

#endif
