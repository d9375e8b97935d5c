/* What an iocb of io_submit(2) asks for. Pure: nothing here makes a system call or keeps state. */
#ifndef DIOSHIM_AIO_PLAN_H
#define DIOSHIM_AIO_PLAN_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "request.h"

/* Returns whether it reads or writes data. */
bool aio_transfers(const struct iocb *cb);
bool aio_writes(const struct iocb *cb);

/* Returns whether its memory is an iovec array. */
bool aio_vectored(const struct iocb *cb);

/*
 * Returns whether the shim may make this transfer at submission. Not with RWF_NOWAIT, which forbids waiting, and not if
 * something is set that the kernel refuses or that a later kernel means something by.
 */
bool aio_understood(const struct iocb *cb);

/*
 * Returns whether it may be submitted with other memory and an eventfd of the shim's, as far as that does not depend on the
 * file: a write of `len` bytes that has no eventfd yet, and flags with which it remains one.
 */
bool aio_async_shape(const struct iocb *cb, size_t len);

/*
 * Returns the call that moves the same data. `one` has room for one piece; both must stay until the call is made. The
 * array has not been read.
 */
struct request aio_request(const struct iocb *cb, struct iovec *one);

#endif
