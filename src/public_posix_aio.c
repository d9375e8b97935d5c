/*
 * aio_read, aio_write and lio_listio: asynchronous I/O that the C library makes with threads of its own.
 *
 * The threads call pread(2) and pwrite(2) inside the C library, where no wrapper can come between,
 * and a refusal is seen by nobody but the program. So a request is looked at before it is handed
 * on. One that the kernel would refuse is made at once, by the calling thread, and is complete when
 * the function returns, as POSIX allows. So aio_error(3), aio_return(3), aio_suspend(3),
 * aio_cancel(3) and aio_fsync(3), which look at what has been stored in the control block, stay the
 * C library's. All other requests are the C library's as they are.
 */

/*
 * The C library declares the LFS64 twins with a type of their own. It differs in the width of the offset only, and only
 * where off_t has 32 bits.
 */
#define aio_read64 declared_aio_read64
#define aio_write64 declared_aio_write64
#define lio_listio64 declared_lio_listio64
#define lio_listio declared_lio_listio /* musl: with other qualifiers */
#include <aio.h>
#undef aio_read64
#undef aio_write64
#undef lio_listio64
#undef lio_listio

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "descriptor.h"
#include "hint.h"
#include "plan.h"
#include "public.h"
#include "real.h"
#include "record_call.h"
#include "recording.h"
#include "refused.h"
#include "rescue.h"
#include "sys64.h"

DIOSHIM_POSIX_AIO_SYMBOLS(DIOSHIM_DECLARE)

/*
 * The number may have been inherited, so it is not enough that it has no hint. It is not enough that the
 * flag is off, either, if there is one: another thread may have it off for a moment.
 */
static bool is_direct(int fd)
{
	long flags;

	if (hint_get(fd))
		return true;
	flags = sys(SYS_fcntl, fd, F_GETFL);
	return flags >= 0 && (flags & O_DIRECT);
}

/* What the C library keeps in a control block, for aio_error(3) and aio_return(3). */
#ifdef __GLIBC__
#define STORED_ERROR __error_code
#define STORED_RESULT __return_value
#else
#define STORED_ERROR __err
#define STORED_RESULT __ret
#endif

#ifdef DIOSHIM_OFF32

_Static_assert(offsetof(struct aiocb, aio_offset) == offsetof(struct aiocb64, aio_offset) &&
		       sizeof(struct aiocb) == sizeof(struct aiocb64),
	       "only the width of the offset differs");

static int64_t offset_of(const struct aiocb *cb, bool off32)
{
	return off32 ? cb->aio_offset : ((const struct aiocb64 *)(const void *)cb)->aio_offset;
}

#else

static int64_t offset_of(const struct aiocb *cb, bool off32)
{
	(void)off32;
	return cb->aio_offset;
}

#endif

/* The C library refuses the request itself. */
static bool bad_priority(const struct aiocb *cb)
{
	enum { AIO_PRIO_DELTA = 20 }; /* sysconf(3), _SC_AIO_PRIO_DELTA_MAX */

	return cb->aio_reqprio < 0 || cb->aio_reqprio > AIO_PRIO_DELTA;
}

/* Appends are made in the order of the calls, so either all of a descriptor are made here, or none. */
static bool refused(const struct aiocb *cb, bool write, bool off32)
{
	int64_t pos = offset_of(cb, off32);
	struct descriptor d;

	if (!cb->aio_nbytes || pos < 0 || bad_priority(cb))
		return false;
	if (unlikely(refused_buffered) && refused_is(cb->aio_fildes))
		return true;
	if (!is_direct(cb->aio_fildes) || !descriptor_look_ahead(cb->aio_fildes, write, &d))
		return false;
	return (write && (d.flags & O_APPEND)) ||
	       plan_misaligned(&d.align, (uint64_t)pos, cb->aio_nbytes, (uintptr_t)cb->aio_buf);
}

/* Tells the program, by the C library's own means: a list without requests does nothing else. */
static void notify(struct sigevent *event)
{
	struct aiocb *none = NULL;

	if (event->sigev_notify != SIGEV_NONE)
		real.lio_listio(LIO_NOWAIT, &none, 0, event);
}

/*
 * Another thread may be waiting for the error code, and the program may free the control block as soon as it
 * has it, unless it is to be told.
 */
static void complete(struct aiocb *cb, ssize_t ret, int error)
{
	struct sigevent event = cb->aio_sigevent;

	cb->STORED_RESULT = ret;
	atomic_thread_fence(memory_order_release);
	cb->STORED_ERROR = error;
	notify(&event);
}

/*
 * Makes a request on a description that is direct in the program's eyes only (refused.h): the C library's
 * threads would not bring it to the device.
 */
static ssize_t transfer_buffered(const struct aiocb *cb, bool write, int64_t pos)
{
	const int fd = cb->aio_fildes;
	long ret = sys(write ? SYS_pwrite64 : SYS_pread64, fd, cb->aio_buf, cb->aio_nbytes,
		       SYS64_EVEN(pos));

	if (unlikely(recording.any))
		record_answered(fd, write ? RECORD_WRITE : RECORD_READ, ret);
	if (ret >= 0)
		return ret ? refused_moved(fd, write, pos, ret) : 0;
	errno = (int)-ret;
	return -1;
}

/* Returns false if the shim does not make it. */
static bool transfer(const struct aiocb *cb, bool write, int64_t pos, ssize_t *ret)
{
	if (likely(!refused_buffered) || !refused_is(cb->aio_fildes))
		return rescue_predicted(write ? SYS_pwrite64 : SYS_pread64, cb->aio_fildes,
					(const void *)(uintptr_t)cb->aio_buf, cb->aio_nbytes, pos,
					ret);
	*ret = transfer_buffered(cb, write, pos);
	return true;
}

/* Makes the request. Returns false if it is left to the C library. Sets *failed if it fails. */
static bool make(struct aiocb *cb, bool write, bool off32, bool *failed)
{
	const int before = errno;
	ssize_t ret;
	bool made;

	if (!refused(cb, write, off32))
		return false;
	cb->STORED_ERROR = EINPROGRESS;
	made = transfer(cb, write, offset_of(cb, off32), &ret);
	if (made) {
		*failed |= ret < 0;
		complete(cb, ret, ret < 0 ? errno : 0);
	}
	errno = before;
	return made;
}

/* Requests of a list that are handed on. */
struct others {
	struct aiocb *cb[32];
	int count;
};

static bool is_transfer(const struct aiocb *cb)
{
	return cb && (cb->aio_lio_opcode == LIO_READ || cb->aio_lio_opcode == LIO_WRITE);
}

static bool any_refused(int mode, struct aiocb *const list[], int count, bool off32)
{
	if (mode != LIO_WAIT && mode != LIO_NOWAIT)
		return false;
	for (int i = 0; i < count; i++)
		if (is_transfer(list[i]) &&
		    refused(list[i], list[i]->aio_lio_opcode == LIO_WRITE, off32))
			return true;
	return false;
}

/* Hands them on when there is no more room, and waits, so that what comes after all of them does. */
static bool add_other(struct others *o, struct aiocb *cb, call_lio_listio *next)
{
	bool failed = false;

	if (o->count == (int)(sizeof(o->cb) / sizeof(o->cb[0]))) {
		failed = next(LIO_WAIT, o->cb, o->count, NULL);
		o->count = 0;
	}
	o->cb[o->count++] = cb;
	return failed;
}

static int list_refused(call_lio_listio *next, int mode, struct aiocb *const list[], int count,
			struct sigevent *event, bool off32)
{
	struct others o;
	bool failed = false;
	int ret;

	o.count = 0;
	for (int i = 0; i < count; i++) {
		struct aiocb *cb = list[i];

		if (!cb)
			continue;
		if (!is_transfer(cb) || !make(cb, cb->aio_lio_opcode == LIO_WRITE, off32, &failed))
			failed |= add_other(&o, cb, next);
	}
	ret = next(mode, o.cb, o.count, event);
	if (ret || mode != LIO_WAIT || !failed)
		return ret;
	errno = EIO;
	return -1;
}

#define PUBLIC_AIO(symbol, write, off32) \
	PUBLIC int symbol(struct aiocb *cb) \
	{ \
		bool failed = false; \
\
		return make(cb, write, off32, &failed) ? 0 : real.symbol(cb); \
	}

#define PUBLIC_aio_read(symbol) PUBLIC_AIO(symbol, false, false)
#define PUBLIC_aio_read_off32(symbol) PUBLIC_AIO(symbol, false, true)
#define PUBLIC_aio_write(symbol) PUBLIC_AIO(symbol, true, false)
#define PUBLIC_aio_write_off32(symbol) PUBLIC_AIO(symbol, true, true)

#define PUBLIC_LIST(symbol, off32) \
	PUBLIC int symbol(int mode, struct aiocb *const list[], int count, struct sigevent *event) \
	{ \
		if (likely(!any_refused(mode, list, count, off32))) \
			return real.symbol(mode, list, count, event); \
		return list_refused(real.symbol, mode, list, count, event, off32); \
	}

#define PUBLIC_lio_listio(symbol) PUBLIC_LIST(symbol, false)
#define PUBLIC_lio_listio_off32(symbol) PUBLIC_LIST(symbol, true)

DIOSHIM_POSIX_AIO_SYMBOLS(PUBLIC_SYMBOL)
