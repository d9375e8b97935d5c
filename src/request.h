/*
 * One call of the program, whatever its name: which bytes of its memory, which bytes of the file.
 */
#ifndef DIOSHIM_REQUEST_H
#define DIOSHIM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "usermem.h"

struct descriptor;
struct request;

/* The most pieces of memory that request_part() makes. */
enum { REQUEST_PIECES = 16 };

struct request {
	long nr; /* SYS_read, SYS_pwritev2, ...: to make the same call with other memory */
	int fd;
	bool write;
	bool vectored;	 /* iov is the program's array, not one around its buffer */
	bool again;	 /* made once more: it has been counted already (record_call.h) */
	bool positional; /* false: at the description's offset, which the call moves */
	int count;	 /* of iov */
	int flags;	 /* RWF_*, preadv2(2) */
	const struct iovec *iov;
	int64_t pos;	     /* if positional */
	uint32_t key;	     /* of the description (description.h); 0: not looked at yet */
	uint32_t generation; /* of the number, when the call began; 0: unknown (rescue.h) */
	size_t checked;	     /* bytes of its memory that are known to be good (usermem.h) */
	/* How its data is moved, if not as usual (move.h). */
	long (*move)(struct request *rq, struct descriptor *d);
	struct tally *tally; /* what is done for it, if that is recorded; otherwise null */
	long (*issue)(const struct request *rq); /* makes the call, instead of `nr`; usually null */
};

/*
 * Returns whether the kernel takes `len` for a length, and not for a negative number (rw_verify_area()). It compares
 * a number of its own word, which is longer than that of a 32-bit program under a 64-bit kernel.
 */
bool request_length_valid(uint64_t len);

/*
 * Returns whether the shim understands all of this request. If not, the kernel's answer to it
 * stands: bad counts, negative lengths or offsets, flags of a later kernel, an array that cannot be
 * read.
 */
bool request_understood(const struct request *rq);

/*
 * Returns whether the memory lies where programs may have any. The kernel checks that of all
 * addresses before it looks at the file (access_ok), so a bad one counts even if it would never be
 * reached. `sure`: ask the kernel even if nothing looks suspicious. Only for an understood request.
 */
bool request_in_user_space(const struct request *rq, bool sure);

/*
 * Returns the bytes requested, limited as the kernel limits them (MAX_RW_COUNT). Only for an
 * understood request.
 */
size_t request_length(const struct request *rq);

/*
 * Returns the OR of all addresses (and, if there are several, lengths), to compare with a memory
 * alignment.
 */
uintptr_t request_addresses(const struct request *rq);

/* Returns a cursor at the start of its memory. */
struct cursor request_cursor(const struct request *rq);

/*
 * Returns whether it is a write for which the kernel chooses the offset. Block devices ignore
 * O_APPEND (blkdev_write_iter(), block/fops.c).
 */
bool request_appends(const struct request *rq, const struct descriptor *d);

/* Returns whether the kernel brings a buffered write to the device before the call returns. */
bool request_synchronous(const struct request *rq, const struct descriptor *d);

/* Makes the call as it is. Returns the count, or a negative errno. */
long request_issue(const struct request *rq);

/*
 * Returns the same call for the next `len` bytes from the cursor. Its array is the program's own if
 * that is all of the request, otherwise `pieces`. The call asks for less than `len` (see
 * request_length()) if REQUEST_PIECES are too few.
 */
struct request request_part(const struct request *rq, const struct cursor *c, size_t len,
			    struct iovec pieces[REQUEST_PIECES]);

/* Returns a positional call in the same direction, with the same flags, on other memory. */
struct request request_at(const struct request *rq, const struct iovec *iov, int count,
			  uint64_t pos);

#endif
