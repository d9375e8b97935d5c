/*
 * Layers between the public functions and the next definitions: record_hooks.c and refused_hooks.c.
 *
 * A layer keeps the pointers of real.h as it finds them, `static struct real next`, and replaces them by
 * functions of its own: HOOK_<kind>(symbol) defines hook_<symbol>, for each kind of symbols.h. Nothing of
 * it is on the path of a call if it is not installed.
 */
#ifndef DIOSHIM_HOOKS_H
#define DIOSHIM_HOOKS_H

#include <stdarg.h>

#include "real.h"
#include "symbols.h"

/* The symbol keeps its next definition. */
#define HOOK_NONE(symbol, kind) static call_##kind *const hook_##symbol;

/* Calls with an offset, which a layer defines for both types of it. */
#define HOOK_pread(symbol) HOOK_PREAD(symbol, int64_t)
#define HOOK_preadv(symbol) HOOK_PREADV(symbol, int64_t)
#define HOOK_preadv2(symbol) HOOK_PREADV2(symbol, int64_t)
#define HOOK_pwrite(symbol) HOOK_PWRITE(symbol, int64_t)
#define HOOK_pwritev(symbol) HOOK_PWRITEV(symbol, int64_t)
#define HOOK_pwritev2(symbol) HOOK_PWRITEV2(symbol, int64_t)
#define HOOK_pread_off32(symbol) HOOK_PREAD(symbol, off_t)
#define HOOK_preadv_off32(symbol) HOOK_PREADV(symbol, off_t)
#define HOOK_preadv2_off32(symbol) HOOK_PREADV2(symbol, off_t)
#define HOOK_pwrite_off32(symbol) HOOK_PWRITE(symbol, off_t)
#define HOOK_pwritev_off32(symbol) HOOK_PWRITEV(symbol, off_t)
#define HOOK_pwritev2_off32(symbol) HOOK_PWRITEV2(symbol, off_t)

/* The others with a 32-bit off_t have the parameters of their twins. */
#define HOOK_open_off32 HOOK_open
#define HOOK_openat_off32 HOOK_openat
#define HOOK_open_2_off32 HOOK_open_2
#define HOOK_openat_2_off32 HOOK_openat_2
#define HOOK_creat_off32 HOOK_creat
#define HOOK_mkostemp_off32 HOOK_mkostemp
#define HOOK_mkostemps_off32 HOOK_mkostemps
#define HOOK_fcntl_off32 HOOK_fcntl
#define HOOK_aio_read_off32 HOOK_aio_read
#define HOOK_aio_write_off32 HOOK_aio_write
#define HOOK_lio_listio_off32 HOOK_lio_listio

/*
 * Their next definitions are called only to abort the program; the public functions make the calls of read
 * and pread.
 */
#define HOOK_read_chk(symbol) HOOK_NONE(symbol, read_chk)
#define HOOK_pread_chk(symbol) HOOK_NONE(symbol, pread_chk)
#define HOOK_pread_chk_off32(symbol) HOOK_NONE(symbol, pread_chk_off32)

/*
 * Without hooks in both layers. F_SETFL is dealt with in public_fd.c, and F_GETFL shows what it has changed. dprintf
 * writes by a call that has a hook, except where the C library makes it. Asynchronous requests are dealt with where they
 * are made (aio_submit.c counts io_submit's, public_posix_aio.c); what becomes of one that is handed on is not seen.
 */
#define HOOK_fcntl(symbol) HOOK_NONE(symbol, fcntl)
#define HOOK_close_range(symbol) HOOK_NONE(symbol, close_range)
#define HOOK_closefrom(symbol) HOOK_NONE(symbol, closefrom)
#define HOOK_dprintf(symbol) HOOK_NONE(symbol, dprintf)
#define HOOK_vdprintf(symbol) HOOK_NONE(symbol, vdprintf)
#define HOOK_dprintf_chk(symbol) HOOK_NONE(symbol, dprintf_chk)
#define HOOK_vdprintf_chk(symbol) HOOK_NONE(symbol, vdprintf_chk)
#define HOOK_aio_read(symbol) HOOK_NONE(symbol, aio_read)
#define HOOK_aio_write(symbol) HOOK_NONE(symbol, aio_write)
#define HOOK_lio_listio(symbol) HOOK_NONE(symbol, lio_listio)
#define HOOK_io_submit(symbol) HOOK_NONE(symbol, io_submit)

/* The mode of an open; the public functions always pass one. */
#define MODE_AFTER(last) \
	({ \
		va_list ap_; \
		mode_t mode_; \
\
		va_start(ap_, last); \
		mode_ = va_arg(ap_, mode_t); \
		va_end(ap_); \
		mode_; \
	})

#define VECTOR const struct iovec *iov, int n

/* syscall(2): `by_number` gets the number, and the six arguments that a call can have. */
#define HOOK_BY_NUMBER(symbol, by_number) \
	static long hook_##symbol(long nr, ...) \
	{ \
		long x[6]; \
		va_list ap; \
\
		va_start(ap, nr); \
		for (int i = 0; i < 6; i++) \
			x[i] = va_arg(ap, long); \
		va_end(ap); \
		return by_number(nr, x); \
	}

#define HOOK_DEFINE(symbol, kind) HOOK_##kind(symbol)

/* Replaces the pointers, of which `next` has a copy. */
#define HOOK_INSTALL(symbol, kind) \
	{ \
		call_##kind *hook_ = hook_##symbol; \
\
		if (hook_) \
			real.symbol = hook_; \
	}

#endif
