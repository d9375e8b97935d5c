/* What an iocb asks for. See aio_plan.h. */
#include "aio_plan.h"

#include <stdint.h>

#include "aio_pool.h"
#include "rwf.h"
#include "transfers.h"

bool aio_writes(const struct iocb *cb)
{
	return cb->aio_lio_opcode == IOCB_CMD_PWRITE || cb->aio_lio_opcode == IOCB_CMD_PWRITEV;
}

bool aio_vectored(const struct iocb *cb)
{
	return cb->aio_lio_opcode == IOCB_CMD_PREADV || cb->aio_lio_opcode == IOCB_CMD_PWRITEV;
}

bool aio_transfers(const struct iocb *cb)
{
	return aio_writes(cb) || aio_vectored(cb) || cb->aio_lio_opcode == IOCB_CMD_PREAD;
}

bool aio_understood(const struct iocb *cb)
{
	return aio_transfers(cb) && !cb->aio_reserved2 && !(cb->aio_rw_flags & KERNEL_RWF_NOWAIT) &&
	       request_length_valid(cb->aio_nbytes) && cb->aio_buf <= UINTPTR_MAX &&
	       cb->aio_offset >= 0;
}

bool aio_async_shape(const struct iocb *cb, size_t len)
{
	const uint32_t flags = KERNEL_RWF_HIPRI | KERNEL_RWF_DSYNC | KERNEL_RWF_SYNC;

	return aio_writes(cb) && aio_understood(cb) && !((uint32_t)cb->aio_rw_flags & ~flags) &&
	       !(cb->aio_flags & IOCB_FLAG_RESFD) && len && len <= AIO_POOL_LONGEST;
}

struct request aio_request(const struct iocb *cb, struct iovec *one)
{
	bool vectored = aio_vectored(cb);
	/* Of a count that is no int, and of a length that is no size_t, only that it is too large matters. */
	uint64_t count = cb->aio_nbytes < INT32_MAX ? cb->aio_nbytes : INT32_MAX;
	size_t len = cb->aio_nbytes < SIZE_MAX ? cb->aio_nbytes : SIZE_MAX;
	struct request rq = {
		.fd = (int)cb->aio_fildes,
		.write = aio_writes(cb),
		.vectored = vectored,
		.positional = true,
		.count = vectored ? (int)count : 1,
		.flags = cb->aio_rw_flags,
		.iov = one,
		.pos = cb->aio_offset,
	};

	*one = (struct iovec){ (void *)(uintptr_t)cb->aio_buf, len };
	if (vectored)
		rq.iov = one->iov_base;
	rq.nr = transfer_that_takes((rq.write ? TRANSFER_WRITE : 0) | TRANSFER_OFFSET |
				    (vectored || rq.flags ? TRANSFER_VECTOR : 0) |
				    (rq.flags ? TRANSFER_FLAGS : 0));
	return rq;
}
