/*
 * The table of interposed symbols.
 *
 * Everything that has to know the set is made from it: the public functions (public_*.c), the
 * pointers to the next definitions and their look-up (real.c), the counting hooks (record_hooks.c),
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
 */
#ifndef DIOSHIM_SYMBOLS_H
#define DIOSHIM_SYMBOLS_H

/* One symbol to a line: the export list is made by sed (src.am). */
/* clang-format off */

#define DIOSHIM_READ_SYMBOLS(X) \
	X(read, read) \
	X(__read, read) \
	X(__read_chk, read_chk) \
	X(pread, pread) \
	X(pread64, pread) \
	X(__pread64, pread) \
	X(__pread_chk, pread_chk) \
	X(__pread64_chk, pread_chk) \
	X(readv, readv) \
	X(preadv, preadv) \
	X(preadv64, preadv) \
	X(preadv2, preadv2) \
	X(preadv64v2, preadv2)

#define DIOSHIM_WRITE_SYMBOLS(X) \
	X(write, write) \
	X(__write, write) \
	X(pwrite, pwrite) \
	X(pwrite64, pwrite) \
	X(__pwrite64, pwrite) \
	X(writev, writev) \
	X(pwritev, pwritev) \
	X(pwritev64, pwritev) \
	X(pwritev2, pwritev2) \
	X(pwritev64v2, pwritev2)

#define DIOSHIM_OPEN_SYMBOLS(X) \
	X(open, open) \
	X(open64, open) \
	X(__open, open) \
	X(__open64, open) \
	X(__open_2, open_2) \
	X(__open64_2, open_2) \
	X(openat, openat) \
	X(openat64, openat) \
	X(__openat_2, openat_2) \
	X(__openat64_2, openat_2) \
	X(openat2, openat2) \
	X(creat, creat) \
	X(creat64, creat)

#define DIOSHIM_FD_SYMBOLS(X) \
	X(fcntl, fcntl) \
	X(fcntl64, fcntl) \
	X(__fcntl, fcntl) \
	X(dup, dup) \
	X(dup2, dup2) \
	X(__dup2, dup2) \
	X(dup3, dup3) \
	X(close, close) \
	X(__close, close) \
	X(close_range, close_range) \
	X(closefrom, closefrom)

#define DIOSHIM_COPY_SYMBOLS(X) \
	X(sendfile, sendfile) \
	X(sendfile64, sendfile) \
	X(splice, splice) \
	X(copy_file_range, copy_file_range)

#define DIOSHIM_POSIX_AIO_SYMBOLS(X) \
	X(aio_read, aio_read) \
	X(aio_read64, aio_read) \
	X(aio_write, aio_write) \
	X(aio_write64, aio_write) \
	X(lio_listio, lio_listio) \
	X(lio_listio64, lio_listio)

#define DIOSHIM_SYSCALL_SYMBOLS(X) \
	X(syscall, syscall)

#define DIOSHIM_PRINT_SYMBOLS(X) \
	X(dprintf, dprintf) \
	X(vdprintf, vdprintf) \
	X(__dprintf_chk, dprintf_chk) \
	X(__vdprintf_chk, vdprintf_chk)

#define DIOSHIM_AIO_SYMBOLS(X) \
	X(io_submit, io_submit)

/* clang-format on */

#define DIOSHIM_SYMBOLS(X) \
	DIOSHIM_OPEN_SYMBOLS(X) \
	DIOSHIM_READ_SYMBOLS(X) \
	DIOSHIM_WRITE_SYMBOLS(X) \
	DIOSHIM_FD_SYMBOLS(X) \
	DIOSHIM_COPY_SYMBOLS(X) \
	DIOSHIM_POSIX_AIO_SYMBOLS(X) \
	DIOSHIM_SYSCALL_SYMBOLS(X) \
	DIOSHIM_PRINT_SYMBOLS(X) \
	DIOSHIM_AIO_SYMBOLS(X)

#endif
