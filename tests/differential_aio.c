/* One request of Linux AIO, waited for: by libaio's name or by number. Its result is that of the event. */
#include "differential.h"
#include "raw.h"

#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <sys/syscall.h>
#include <unistd.h>

static aio_context_t context_of(enum which which)
{
	static aio_context_t contexts[SIDES];

	if (!contexts[which] && raw_syscall(SYS_io_setup, 4, &contexts[which]))
		err(2, "io_setup (fs.aio-max-nr?)");
	return contexts[which];
}

/* libaio's io_submit() returns a negative errno. Without the shim and libaio there is none. */
static long submit_by_name(aio_context_t ctx, struct iocb **list)
{
	typedef int function(aio_context_t ctx, long nr, struct iocb **iocbs);
	static function *by_name;
	long ret;

	if (!by_name)
		by_name = (function *)dlsym(RTLD_DEFAULT, "io_submit");
	if (!by_name)
		return raw_syscall(SYS_io_submit, ctx, 1L, list);
	ret = by_name(ctx, 1, list);
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

static long submit(unsigned door, aio_context_t ctx, struct iocb *cb, enum which which)
{
	struct iocb *list[] = { cb };

	if (which == ORDINARY)
		return raw_syscall(SYS_io_submit, ctx, 1L, list);
	return door % 2 ? submit_by_name(ctx, list) : syscall(SYS_io_submit, ctx, 1L, list);
}

/* The event must be that of the request, whatever the shim has made of it. */
static long result_of(aio_context_t ctx, const struct iocb *cb)
{
	struct io_event event = { 0 };
	int before = errno;

	if (raw_syscall(SYS_io_getevents, ctx, 1L, 1L, &event, NULL) != 1)
		err(2, "io_getevents");
	if (event.obj != (uintptr_t)cb || event.data != cb->aio_data || event.res2)
		errx(1, "an event of another request");
	errno = event.res < 0 ? (int)-event.res : before;
	return event.res < 0 ? -1 : (long)event.res;
}

long make_aio(const struct call *c, int fd, void *memory, enum which which)
{
	static const uint16_t opcodes[] = { IOCB_CMD_PREAD, IOCB_CMD_PREADV, IOCB_CMD_PWRITE,
					    IOCB_CMD_PWRITEV };
	aio_context_t ctx = context_of(which);
	struct iocb cb = {
		.aio_data = c->fill,
		.aio_lio_opcode = opcodes[c->op - OP_AIO_READ],
		.aio_fildes = (uint32_t)fd,
		.aio_buf = (uintptr_t)memory,
		.aio_nbytes = is_vectored(c) ? (uint64_t)(int64_t)c->count : c->pieces[0].len,
		.aio_offset = c->pos,
		.aio_rw_flags = c->flags,
	};

	errno = 0;
	if (submit(c->door, ctx, &cb, which) != 1)
		return -1;
	return result_of(ctx, &cb);
}
