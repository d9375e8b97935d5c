/*
 * The door between the public symbols and the engine: a call that the kernel has refused, or would
 * refuse, comes in here.
 */
#ifndef DIOSHIM_RESCUE_H
#define DIOSHIM_RESCUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * A call that the kernel would refuse, as far as the hint knows; it has not been asked. True: *ret
 * and errno are the answer, as an ordinary descriptor gives it. False: the shim stands aside, and the
 * kernel is to be asked.
 *
 * `nr` is the call's number (SYS_read, SYS_pwrite64, ...); `pos` is looked at by positional calls.
 */
bool rescue_predicted(long nr, int fd, const void *buf, size_t len, int64_t pos, ssize_t *ret);

/*
 * A call that the kernel has answered with `ret`, 0 or less, and errno. If that may be because of
 * alignment, what the call asks for is done. Returns the answer, as an ordinary descriptor gives it;
 * the kernel's own, with its errno, where the shim stands aside.
 *
 * `before` is errno as the program left it: success does not change it. `generation`: of the number when
 * the call began (description.h), 0 if that is not known. If the number was closed since, the answer is
 * EBADF; if it was made to stand for another file (dup2(2)), the call is made on that one.
 */
ssize_t rescue_refused(long nr, int fd, const void *buf, size_t len, int64_t pos, int before,
		       uint32_t generation, ssize_t ret);
ssize_t rescue_refused_vector(long nr, int fd, const struct iovec *iov, int count, int64_t pos,
			      int flags, int before, uint32_t generation, ssize_t ret);

/*
 * A pwrite of `len` bytes that the kernel took in a window (window.h), although it is misaligned: its
 * alignments were not known yet. It may have come between the steps of a write that it overlaps, so it is
 * made again after that one.
 */
void rescue_once_more(int fd, const void *buf, size_t len, int64_t pos, uint32_t generation);

#endif
