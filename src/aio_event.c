/* Events with a chosen result. See aio_event.h. */
#include "aio_event.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/sysmacros.h>

#include "aio_change.h"
#include "sys64.h"

enum {
	MEMORY_DEVICES = 1,
	NULL_DEVICE = 3,
	ZERO_DEVICE = 5
}; /* Documentation/admin-guide/devices.txt */

/*
 * Opens one of the kernel's memory devices. Returns a negative errno if it cannot be had: in a chroot without /dev the
 * path may be anything.
 */
static int open_device(const char *path, int flags, unsigned device)
{
	long fd = sys(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
	kernel_stat st;

	if (fd < 0)
		return (int)fd;
	if (!sys_fstat((int)fd, &st) && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(MEMORY_DEVICES, device))
		return (int)fd;
	sys(SYS_close, fd);
	return -ENODEV;
}

static int open_null(void)
{
	return open_device("/dev/null", O_WRONLY, NULL_DEVICE);
}

bool aio_event_possible(void)
{
	static atomic_bool seen;
	int fd;

	if (atomic_load_explicit(&seen, memory_order_relaxed))
		return true;
	fd = open_null();
	if (fd < 0)
		return false;
	sys(SYS_close, fd);
	atomic_store_explicit(&seen, true, memory_order_relaxed);
	return true;
}

/* Submits the iocb with another operation on `fd`, which is closed. */
static long submit_instead(aio_context_t ctx, struct iocb *cb, int fd, uint16_t opcode, uint64_t n)
{
	struct aio_change change = { .is = *cb };
	long ret = -EAGAIN;

	if (fd < 0)
		return ret;
	change.is.aio_lio_opcode = opcode;
	change.is.aio_fildes = (uint32_t)fd;
	change.is.aio_buf = 0;
	change.is.aio_nbytes = n;
	change.is.aio_offset = 0;
	change.is.aio_rw_flags = 0;
	if (aio_change_begin(&change, cb)) {
		ret = sys(SYS_io_submit, ctx, 1L, &cb);
		aio_change_end(&change);
	}
	sys(SYS_close, fd);
	return ret;
}

long aio_event_count(aio_context_t ctx, struct iocb *cb, long count)
{
	return submit_instead(ctx, cb, open_null(), IOCB_CMD_PWRITE, (uint64_t)count);
}

long aio_event_fault(aio_context_t ctx, struct iocb *cb)
{
	return submit_instead(ctx, cb, open_device("/dev/zero", O_RDONLY, ZERO_DEVICE),
			      IOCB_CMD_PREAD, 1);
}
