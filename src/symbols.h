/*
 * The one table of interposed symbols.
 *
 * Everything that has to know the set is made from it: the pointers to the next definitions and
 * their look-up (real.c), the linker's export list (symbols.map, made at build time), and the test
 * that holds the built object against it.
 *
 * X(symbol, raw): `symbol` is the public name; `raw` is what stands in for the next definition
 * until the constructor has looked it up, and for good where the C library has none (real.c).
 *
 * On a 64-bit target the LFS64 twins (open64, pread64, ...) and the double-underscore aliases are
 * the same functions, but each keeps its own next definition: another preloaded library may
 * interpose one name and not the other.
 */
#ifndef DIOSHIM_SYMBOLS_H
#define DIOSHIM_SYMBOLS_H

#define DIOSHIM_SYMBOLS(X) \
	X(open, raw_open) \
	X(open64, raw_open) \
	X(__open, raw_open) \
	X(__open64, raw_open) \
	X(__open_2, raw_open_2) \
	X(__open64_2, raw_open_2) \
	X(openat, raw_openat) \
	X(openat64, raw_openat) \
	X(__openat_2, raw_openat_2) \
	X(__openat64_2, raw_openat_2) \
	X(creat, raw_creat) \
	X(creat64, raw_creat) \
	X(read, raw_read) \
	X(__read, raw_read) \
	X(__read_chk, raw_read_chk) \
	X(pread, raw_pread) \
	X(pread64, raw_pread) \
	X(__pread64, raw_pread) \
	X(__pread_chk, raw_pread_chk) \
	X(__pread64_chk, raw_pread_chk) \
	X(readv, raw_readv) \
	X(preadv, raw_preadv) \
	X(preadv64, raw_preadv) \
	X(preadv2, raw_preadv2) \
	X(preadv64v2, raw_preadv2) \
	X(write, raw_write) \
	X(__write, raw_write) \
	X(pwrite, raw_pwrite) \
	X(pwrite64, raw_pwrite) \
	X(__pwrite64, raw_pwrite) \
	X(writev, raw_writev) \
	X(pwritev, raw_pwritev) \
	X(pwritev64, raw_pwritev) \
	X(pwritev2, raw_pwritev2) \
	X(pwritev64v2, raw_pwritev2) \
	X(fcntl, raw_fcntl) \
	X(fcntl64, raw_fcntl) \
	X(__fcntl, raw_fcntl) \
	X(dup, raw_dup) \
	X(dup2, raw_dup2) \
	X(__dup2, raw_dup2) \
	X(dup3, raw_dup3) \
	X(close, raw_close) \
	X(__close, raw_close) \
	X(close_range, raw_close_range) \
	X(closefrom, raw_closefrom)

#endif
