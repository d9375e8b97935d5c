/*
 * Files on which the file system refuses O_DIRECT: with DIOSHIM_REFUSED=buffered the program goes on
 * without it.
 *
 * Where the refusal comes tells who deals with it: at open (refused_open.h), at F_SETFL
 * (refused_set_flags()), or at every call, however aligned (refused_by_calls()). In the end there is a
 * description without O_DIRECT, and its numbers are marked (description.h) as direct in the program's
 * eyes only: F_GETFL shows O_DIRECT, and after each call what was written is brought to the device, and
 * what was moved is dropped from the page cache (refused_moved()).
 *
 * The kernel decides as elsewhere: the mark of a number counts only while it is on the file on which it
 * was made, and while the description is not direct. What programs that are started by exec(2), or
 * get the descriptor over a socket, see is the kernel's own answer.
 *
 * All of this is off the path of calls unless the variable is set: refused_hooks.h.
 */
#ifndef DIOSHIM_REFUSED_H
#define DIOSHIM_REFUSED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "descriptor.h"
#include "real.h"
#include "request.h"

/* DIOSHIM_REFUSED=buffered. Set while the library is loaded, and only read after that. */
extern bool refused_buffered;

/* Returns whether the number's description is direct in the program's eyes only. */
bool refused_is(int fd);

/* Called when a number was given out by an open with O_DIRECT, after description_opened(). */
void refused_opened(int fd);

/*
 * Finds out whether the kernel has accepted O_DIRECT on the description, and refuses every call because
 * of it. So does overlayfs after F_SETFL, over a file system that has no direct I/O: each call passes the
 * flags on to the file below, and fails (ovl_change_flags(), fs/overlayfs/file.c). Asks by a call that
 * does nothing and returns its answer: then -EINVAL; -ESPIPE for a pipe.
 */
long refused_advice(int fd);

/*
 * Makes the program's F_SETFL of `flags` by `next`; without O_DIRECT if the file system has refused that.
 * Returns the program's answer.
 */
int refused_set_flags(call_fcntl *next, int fd, int flags);

/*
 * Called after the kernel has refused a call with EINVAL on a direct description whose alignments it does
 * not report, and the call was made otherwise and returned `ret`. `block`: the block (struct dio_align)
 * before larger alignments were guessed. Takes O_DIRECT off for good if every direct call is refused.
 */
void refused_by_calls(const struct request *rq, const struct descriptor *d, uint32_t block,
		      long ret);

/* Where a call has moved data, if it does not say so itself. */
enum {
	REFUSED_IMPLIED = -1, /* before the description's offset */
	REFUSED_UNKNOWN = -2, /* an append */
};

/*
 * Settles a call that has moved `ret` bytes, more than 0, at `pos`, if the number is marked. Returns what
 * the program gets: `ret`, or -1 with errno if the bytes could not be brought to the device.
 */
ssize_t refused_moved(int fd, bool write, int64_t pos, ssize_t ret);

#endif
