/*
 * The table of interposed symbols.
 *
 * Everything that has to know the set is made from it: the public functions (public_*.c), the
 * pointers to the next definitions and their look-up (real.c), the layers of hooks (hooks.h),
 * the linker's export list (symbols.map, made at build time), what the launcher's --check looks
 * for, and the tests.
 *
 * X(symbol, kind): `symbol` is the public name; `kind` is the call that it names. All symbols of a
 * kind have the same parameters (call_<kind> in real.h) and do the same. raw_<kind>() in real.c
 * replaces the next definition until the constructor has looked it up, and permanently if the C
 * library has none.
 *
 * On a 64-bit target the LFS64 variants (open64, pread64, ...) and the double-underscore aliases
 * are the same functions, but each keeps its own next definition: another preloaded library may
 * interpose one name and not the other.
 *
 * The rows are for any C library, except where they begin with another word than X:
 *
 *   OFF_T(X, pread, pread)           The offset is an off_t, which has 32 bits with the GNU C library on a 32-bit
 *                                    machine. There the kind is pread_off32.
 *   GNU(X, __read, read)             Only the GNU C library has it.
 *   GNU_OFF_T(X, ...)                Both of these.
 *   GNU32(X, __fcntl_time64, fcntl)  Only the GNU C library of a 32-bit machine has it.
 *
 * DIOSHIM_EVERY_SYMBOL selects all rows: programs of other machines and libraries are looked at, not called.
 */
#ifndef DIOSHIM_SYMBOLS_H
#define DIOSHIM_SYMBOLS_H

#include <features.h>

#if defined(__GLIBC__) && __SIZEOF_LONG__ == 4
#define DIOSHIM_OFF32 1 /* two kinds of names: off_t has 32 bits, off64_t has 64 */
#endif

#if defined(DIOSHIM_OFF32) && !defined(DIOSHIM_EVERY_SYMBOL)
#define OFF_T(X, symbol, kind) X(symbol, kind##_off32)
#else
#define OFF_T(X, symbol, kind) X(symbol, kind)
#endif

#if defined(__GLIBC__) || defined(DIOSHIM_EVERY_SYMBOL)
#define GNU(X, symbol, kind) X(symbol, kind)
#define GNU_OFF_T(X, symbol, kind) OFF_T(X, symbol, kind)
#else
#define GNU(X, symbol, kind)
#define GNU_OFF_T(X, symbol, kind)
#endif

#if defined(DIOSHIM_OFF32) || defined(DIOSHIM_EVERY_SYMBOL)
#define GNU32(X, symbol, kind) X(symbol, kind)
#else
#define GNU32(X, symbol, kind)
#endif

/* One symbol to a line: tests read the table with sed. */
/* clang-format off */

#define DIOSHIM_READ_SYMBOLS(X) \
	X(read, read) \
	GNU(X, __read, read) \
	GNU(X, __read_chk, read_chk) \
	OFF_T(X, pread, pread) \
	X(pread64, pread) \
	GNU(X, __pread64, pread) \
	GNU_OFF_T(X, __pread_chk, pread_chk) \
	GNU(X, __pread64_chk, pread_chk) \
	X(readv, readv) \
	OFF_T(X, preadv, preadv) \
	X(preadv64, preadv) \
	OFF_T(X, preadv2, preadv2) \
	X(preadv64v2, preadv2)

#define DIOSHIM_WRITE_SYMBOLS(X) \
	X(write, write) \
	GNU(X, __write, write) \
	OFF_T(X, pwrite, pwrite) \
	X(pwrite64, pwrite) \
	GNU(X, __pwrite64, pwrite) \
	X(writev, writev) \
	OFF_T(X, pwritev, pwritev) \
	X(pwritev64, pwritev) \
	OFF_T(X, pwritev2, pwritev2) \
	X(pwritev64v2, pwritev2)

#define DIOSHIM_OPEN_SYMBOLS(X) \
	OFF_T(X, open, open) \
	X(open64, open) \
	GNU_OFF_T(X, __open, open) \
	GNU(X, __open64, open) \
	GNU_OFF_T(X, __open_2, open_2) \
	GNU(X, __open64_2, open_2) \
	OFF_T(X, openat, openat) \
	X(openat64, openat) \
	GNU_OFF_T(X, __openat_2, openat_2) \
	GNU(X, __openat64_2, openat_2) \
	X(openat2, openat2) \
	OFF_T(X, creat, creat) \
	X(creat64, creat)

#define DIOSHIM_TEMPORARY_SYMBOLS(X) \
	OFF_T(X, mkostemp, mkostemp) \
	X(mkostemp64, mkostemp) \
	OFF_T(X, mkostemps, mkostemps) \
	X(mkostemps64, mkostemps)

#define DIOSHIM_FD_SYMBOLS(X) \
	OFF_T(X, fcntl, fcntl) \
	X(fcntl64, fcntl) \
	GNU_OFF_T(X, __fcntl, fcntl) \
	GNU32(X, __fcntl_time64, fcntl) \
	X(dup, dup) \
	X(dup2, dup2) \
	GNU(X, __dup2, dup2) \
	X(dup3, dup3) \
	X(close, close) \
	GNU(X, __close, close) \
	X(close_range, close_range) \
	X(closefrom, closefrom)

#define DIOSHIM_COPY_SYMBOLS(X) \
	OFF_T(X, sendfile, sendfile) \
	X(sendfile64, sendfile) \
	X(splice, splice) \
	X(copy_file_range, copy_file_range)

#define DIOSHIM_POSIX_AIO_SYMBOLS(X) \
	OFF_T(X, aio_read, aio_read) \
	X(aio_read64, aio_read) \
	OFF_T(X, aio_write, aio_write) \
	X(aio_write64, aio_write) \
	OFF_T(X, lio_listio, lio_listio) \
	X(lio_listio64, lio_listio)

#define DIOSHIM_SYSCALL_SYMBOLS(X) \
	X(syscall, syscall)

#define DIOSHIM_PRINT_SYMBOLS(X) \
	X(dprintf, dprintf) \
	X(vdprintf, vdprintf) \
	GNU(X, __dprintf_chk, dprintf_chk) \
	GNU(X, __vdprintf_chk, vdprintf_chk)

#define DIOSHIM_AIO_SYMBOLS(X) \
	X(io_submit, io_submit)

/* clang-format on */

#define DIOSHIM_SYMBOLS(X) \
	DIOSHIM_OPEN_SYMBOLS(X) \
	DIOSHIM_TEMPORARY_SYMBOLS(X) \
	DIOSHIM_READ_SYMBOLS(X) \
	DIOSHIM_WRITE_SYMBOLS(X) \
	DIOSHIM_FD_SYMBOLS(X) \
	DIOSHIM_COPY_SYMBOLS(X) \
	DIOSHIM_POSIX_AIO_SYMBOLS(X) \
	DIOSHIM_SYSCALL_SYMBOLS(X) \
	DIOSHIM_PRINT_SYMBOLS(X) \
	DIOSHIM_AIO_SYMBOLS(X)

#endif
