/*
 * io_submit(2): the only call of Linux AIO that is covered. The kernel takes a misaligned request and
 * reports EINVAL in its event, where nobody can help any longer; so the requests are looked at before.
 *
 * Requests that the kernel accepts go to it as they are, in one call if none of them is misaligned.
 */
#ifndef DIOSHIM_AIO_SUBMIT_H
#define DIOSHIM_AIO_SUBMIT_H

#include <linux/aio_abi.h>

/* Returns the number of iocbs that were submitted, or -1 with errno set. */
long aio_submit(aio_context_t ctx, long nr, struct iocb **iocbs);

#endif
