/* The entry from the public functions for calls that the kernel has refused, or would refuse. */
#ifndef DIOSHIM_RESCUE_H
#define DIOSHIM_RESCUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct descriptor;
struct request;

/*
 * Makes a call that the kernel would refuse, as far as the hint knows; the kernel has not been
 * asked. Returns true if *ret and errno are the answer, as an ordinary descriptor gives it. Returns
 * false if the shim does not handle the call, and the kernel has to be asked.
 *
 * `nr` is the call's number (SYS_read, SYS_pwrite64, ...); `pos` matters for positional calls only.
 */
bool rescue_predicted(long nr, int fd, const void *buf, size_t len, int64_t pos, ssize_t *ret);

struct request;

/* The same for a request with another way to move its data (request.h). */
bool rescue_request(struct request *rq, ssize_t *ret);

/*
 * Handle a call that the kernel has answered with `ret`, 0 or less, and errno. If that may be
 * because of alignment, they do what the call asks for. They return the answer, as an ordinary
 * descriptor gives it; the kernel's own answer, with its errno, if the shim does not handle the
 * call.
 *
 * `before` is errno as the program left it: success does not change it. `generation` is that of the
 * number when the call began (description.h), 0 if unknown. If the number was closed since, the
 * answer is EBADF; if it refers to another file by now (dup2(2)), the call is made on that one.
 */
ssize_t rescue_refused(long nr, int fd, const void *buf, size_t len, int64_t pos, int before,
		       uint32_t generation, ssize_t ret);
ssize_t rescue_refused_vector(long nr, int fd, const struct iovec *iov, int count, int64_t pos,
			      int flags, int before, uint32_t generation, ssize_t ret);

/*
 * Repeats a pwrite of `len` bytes that the kernel accepted in a window (window.h), although it is
 * misaligned: its alignments were not known yet. It may have come between the steps of a write that
 * it overlaps, so it is made again after that one.
 */
void rescue_once_more(int fd, const void *buf, size_t len, int64_t pos, uint32_t generation);

/*
 * Returns whether it is direct while nobody has O_DIRECT off temporarily. In a window of a key that
 * is one description's it is taken for direct, without waiting. If the number refers to another
 * description by now, the answer is the same: before a buffered call changes flags, it looks at
 * them again, in a window of its own. Only the request's number and key are used.
 */
bool rescue_direct_outside_windows(const struct request *rq, struct descriptor *d);

#endif
