/*
 * A write of io_submit(2) of which only the address is misaligned: it stays asynchronous, from bounce memory.
 *
 * The data is copied before the submission. The kernel copies the iocb at io_submit(2), so it is changed in place and
 * put back, and the kernel's own event names the program's iocb and has the program's data and the result of the
 * write itself. Nothing has to be done when the program takes the event, however it does that; aio_pool.h says when the
 * memory is free. Only such writes are taken whose result is that of an ordinary descriptor (aio_bounce.c).
 *
 * Reads are not taken. Their data would have to be copied before the program can see the event, and a program may see
 * it in the ring, where nobody calls the shim.
 */
#ifndef DIOSHIM_AIO_BOUNCE_H
#define DIOSHIM_AIO_BOUNCE_H

#include <linux/aio_abi.h>
#include <stdbool.h>

#include "aio_change.h"
#include "request.h"
#include "sigmask.h"
#include "tally.h"

/* One that is being submitted. */
struct aio_bounce {
	struct aio_change change;
	int eventfd; /* a descriptor until aio_bounce_end() */
	kernel_sigset signals;
	struct request rq;
	struct iovec one;
	struct tally tally;
};

/*
 * Called before and after the submission of `cb`, of which `asked` is a copy; its iovec array, if it has one, can be
 * read. The first returns false if the request has to be made in another way. Otherwise signals are blocked until the
 * second, and aio_change_end() has to be called in between, at once after the submission. `ret` is what io_submit(2)
 * has returned.
 */
bool aio_bounce_begin(struct aio_bounce *b, struct iocb *cb, const struct iocb *asked);
void aio_bounce_end(struct aio_bounce *b, long ret);

#endif
