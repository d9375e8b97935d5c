/*
 * Events with a chosen result, posted by the kernel.
 *
 * The kernel copies an iocb at io_submit(2). So it can be changed in place, submitted and put back, and the
 * event still names the program's iocb and carries its data; eventfd, order, the count of io_getevents(2) and programs
 * that read the ring in their own memory need no further care. A write of n bytes to /dev/null ends at
 * once with the result n and touches no memory; a read from /dev/zero to address 0 ends with EFAULT.
 *
 * For that one system call the process has a descriptor more. The iocb's memory is checked, and signals are
 * blocked, by the caller.
 */
#ifndef DIOSHIM_AIO_EVENT_H
#define DIOSHIM_AIO_EVENT_H

#include <linux/aio_abi.h>
#include <stdbool.h>

/* Returns whether such events can be had here: /dev/null can be opened, and is what it should be. */
bool aio_event_possible(void);

/*
 * Submit the iocb so that its event has the result `count`, or -EFAULT. Both return what io_submit(2) does: 1, or a
 * negative errno; -EAGAIN also if no descriptor can be had at this moment.
 */
long aio_event_count(aio_context_t ctx, struct iocb *cb, long count);
long aio_event_fault(aio_context_t ctx, struct iocb *cb);

#endif
