/*
 * The next definitions: what the program would have called without the shim.
 *
 * real.NAME is never null. It points at a raw system call until the constructor has looked the name
 * up, so that calls from other libraries' constructors, or from a malloc that dlsym() enters, work.
 */
#ifndef DIOSHIM_REAL_H
#define DIOSHIM_REAL_H

#include <fcntl.h>
#include <stddef.h>
#include <sys/uio.h>
#include <unistd.h>

#include "symbols.h"

/* Exported by the C library and declared in no header that this file could include. */
int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags);
ssize_t __read(int fd, void *buf, size_t n);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __pread64(int fd, void *buf, size_t n, off64_t pos);
ssize_t __pread_chk(int fd, void *buf, size_t n, off_t pos, size_t size);
ssize_t __pread64_chk(int fd, void *buf, size_t n, off64_t pos, size_t size);
ssize_t __write(int fd, const void *buf, size_t n);
ssize_t __pwrite64(int fd, const void *buf, size_t n, off64_t pos);
int __fcntl(int fd, int cmd, ...);
int __dup2(int from, int to);
int __close(int fd);
int close_range(unsigned first, unsigned last, int flags);
void closefrom(int first);

#define DIOSHIM_REAL_MEMBER(symbol, raw) __typeof__(symbol) *symbol;

struct real {
	DIOSHIM_SYMBOLS(DIOSHIM_REAL_MEMBER)
};

extern struct real real;

#endif
