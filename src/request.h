/*
 * One call of the program's, whatever its name: which bytes of its memory, which bytes of the file.
 */
#ifndef DIOSHIM_REQUEST_H
#define DIOSHIM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "usermem.h"

struct descriptor;

/* Pieces of memory that request_part() can tell apart. */
enum { REQUEST_PIECES = 16 };

struct request {
	long nr; /* SYS_read, SYS_pwritev2, ...: to make the same call with other memory */
	int fd;
	bool write;
	bool vectored;           /* iov is the program's array, not one around its buffer */
	bool again;              /* made once more: it has been counted (record_call.h) */
	bool positional;         /* false: at the description's offset, which the call moves */
	int count;               /* of iov */
	int flags;               /* RWF_*, preadv2(2) */
	const struct iovec *iov;
	int64_t pos;             /* if positional */
	uint32_t key;            /* of the open file description (description.h); 0: not looked at yet */
	uint32_t generation;     /* of the number, when the call began; 0: not known (rescue.h) */
	size_t checked;          /* bytes of its memory that are known to be good (usermem.h) */
	struct tally *tally;     /* what is done for it, if that is recorded; else null */
};

/*
 * Is this a request that the shim understands whole? If not, the kernel's answer to it stands: bad
 * counts, negative lengths or offsets, flags of a later kernel, an array that cannot be read.
 */
bool request_understood(const struct request *rq);

/*
 * Does the memory lie where programs may have any? The kernel checks that of all addresses before it
 * looks at the file (access_ok), so that a bad one counts even if it would never be reached. `sure`:
 * ask the kernel even if nothing looks suspicious. Only for an understood request.
 */
bool request_in_user_space(const struct request *rq, bool sure);

/* Bytes asked for, capped as the kernel caps them (MAX_RW_COUNT). Only for an understood request. */
size_t request_length(const struct request *rq);

/* The OR of all addresses (and, if there are several, lengths): what a memory alignment is held against. */
uintptr_t request_addresses(const struct request *rq);

/* The start of its memory. */
struct cursor request_cursor(const struct request *rq);

/* Does the kernel choose where it goes? Block devices ignore O_APPEND (blkdev_write_iter, block/fops.c). */
bool request_appends(const struct request *rq, const struct descriptor *d);

/* Has the kernel brought a buffered write to the device by the time it returns? */
bool request_synchronous(const struct request *rq, const struct descriptor *d);

/* Make the call as it stands. Returns the count, or a negative errno. */
long request_issue(const struct request *rq);

/*
 * Returns the same call for the next `len` bytes from the cursor. Its array is the program's own if that is all
 * of the request, otherwise `pieces`. It asks for less than `len` (request_length()) if those are too few.
 */
struct request request_part(const struct request *rq, const struct cursor *c, size_t len,
			    struct iovec pieces[REQUEST_PIECES]);

/* A positional call in the same direction, with the same flags, on other memory. */
struct request request_at(const struct request *rq, const struct iovec *iov, int count, uint64_t pos);

#endif
