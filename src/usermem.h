/*
 * The program's memory, which may be anything: unmapped, read-only, the tail of a truncated file, a
 * page that another thread of the program has to supply first (userfaultfd(2)).
 *
 * The kernel answers a bad pointer with EFAULT or a short count; a memcpy would raise SIGSEGV. So
 * the memory of a call is checked, and thereby touched, before anything is taken that others may
 * need: usermem_check(). A thread that unmaps a buffer while another writes from it can still come
 * between the check and the copy.
 */
#ifndef DIOSHIM_USERMEM_H
#define DIOSHIM_USERMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct tally;

/* A place in an iovec array; the array itself remains the program's. */
struct cursor {
	const struct iovec *iov;
	int count;
	size_t skip;	/* bytes of iov[0] that have been passed */
	size_t checked; /* bytes from here on that were checked, for the direction of the copy */
	struct tally *tally; /* where copies are counted; null: nowhere */
};

struct cursor cursor_at_start(const struct iovec *iov, int count);

/* Moves on by `len` bytes, but never beyond the end of the array. */
void cursor_advance(struct cursor *c, size_t len);

/*
 * Stores the next bytes, up to `len`, as at most `max` pieces. Returns how many pieces. Does not
 * move the cursor.
 */
int cursor_pieces(const struct cursor *c, size_t len, struct iovec *pieces, int max);

/* Returns the address of the next byte if all the rest is in one piece, otherwise 0. */
uintptr_t cursor_address(const struct cursor *c);

/*
 * Copy `len` bytes out of the program's memory, or into it, and move on. Both return the bytes
 * copied: fewer than `len` if they meet memory that cannot be read or written.
 */
size_t usermem_gather(struct cursor *c, void *to, size_t len);
size_t usermem_scatter(struct cursor *c, const void *from, size_t len);

enum usermem_access { USERMEM_READ, USERMEM_WRITE };

/*
 * Returns how many of the next `len` bytes can be read, or written, before the first bad memory.
 * Touches them. Remembers the result in c->checked, so that copies need not check again.
 */
size_t usermem_check(struct cursor *c, size_t len, enum usermem_access access);

/*
 * Returns whether it was found that memory cannot be checked at all here (a seccomp filter). Then
 * nothing is copied.
 */
bool usermem_uncheckable(void);

/*
 * Returns whether a 0 of madvise(2) can be believed. An emulator (qemu-user) answers 0 to all advice, and
 * ignores it.
 */
bool usermem_advice_is_taken(void);

/* Returns whether all of it can be read. */
bool usermem_readable(const void *addr, size_t len);

/* Pages that were found to be readable, so that what follows in them needs no further look. */
struct usermem_peek {
	uintptr_t page[2]; /* 0: none; the last one first */
};

/* The same for a few bytes, with as little as possible: one system call for each page, none for those seen last. */
bool usermem_peek(struct usermem_peek *p, const void *addr, size_t len);

#endif
