/*
 * io_submit(2). The kernel takes a misaligned request and reports EINVAL in its event, where nobody can help
 * any longer; so the requests are looked at before. Of the other calls of Linux AIO only io_getevents(2) and
 * io_pgetevents(2) are covered, by number: see aio_change.h.
 *
 * Consecutive requests that the kernel accepts go to it as they are, in one call. They go one by one while
 * calls are recorded, and beside partial blocks (async.h).
 */
#ifndef DIOSHIM_AIO_SUBMIT_H
#define DIOSHIM_AIO_SUBMIT_H

#include <linux/aio_abi.h>

/* Returns the number of iocbs that were submitted, or -1 with errno set. */
long aio_submit(aio_context_t ctx, long nr, struct iocb **iocbs);

#endif
