/*
 * libaio's io_submit(). The library of Debian calls syscall(2), where the shim is met again; others make the system
 * call themselves, and are covered by the name only. So this is the call itself, with libaio's answer: a negative
 * errno, and errno as it was. libaio's other functions need nothing (aio_submit.h).
 */
#include "aio_submit.h"
#include "hint.h"
#include "public.h"
#include "real.h"

#define PUBLIC_io_submit(symbol) \
	PUBLIC int symbol(aio_context_t ctx, long nr, struct iocb **iocbs) \
	{ \
		int before = errno_before(); \
		long ret = aio_submit(ctx, nr, iocbs); \
\
		if (ret < 0) { \
			ret = -errno; \
			errno = before; \
		} \
		return (int)ret; \
	}

DIOSHIM_AIO_SYMBOLS(PUBLIC_SYMBOL)
