/*
 * A misaligned transfer of io_submit(2), made at submission as the same read or write is made (rescue.h), and
 * answered by an event of the kernel (aio_event.h).
 *
 * Not asynchronously, as only the writes of aio_bounce.h are. The kernel itself waits in io_submit(2) for writes
 * that make a file longer, and for all I/O of ordinary descriptors.
 */
#ifndef DIOSHIM_AIO_MOVE_H
#define DIOSHIM_AIO_MOVE_H

#include <linux/aio_abi.h>
#include <stdbool.h>

/*
 * `cb` is the program's iocb, which can be written, and `asked` a copy of it. Returns true if *submitted is
 * what io_submit(2) would return for it alone: 1, or a negative errno. Returns false if it is to be submitted as it is,
 * because the kernel has to answer it.
 */
bool aio_move(aio_context_t ctx, struct iocb *cb, const struct iocb *asked, long *submitted);

#endif
