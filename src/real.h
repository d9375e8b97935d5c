/*
 * The next definitions: what the program would have called without the shim.
 *
 * real.NAME is never null. It points to a raw system call until the constructor has looked the name
 * up, so that calls from other libraries' constructors, or from a malloc that they use, work.
 */
#ifndef DIOSHIM_REAL_H
#define DIOSHIM_REAL_H

#include <fcntl.h>
#include <stdarg.h>
#include <linux/aio_abi.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

#include "symbols.h"

struct aiocb;
struct open_how;
struct sigevent;

/* The parameters of each kind of call (symbols.h). */
typedef int call_open(const char *path, int flags, ...);
typedef int call_open_2(const char *path, int flags);
typedef int call_openat(int dirfd, const char *path, int flags, ...);
typedef int call_openat_2(int dirfd, const char *path, int flags);
typedef int call_openat2(int dirfd, const char *path, const struct open_how *how, size_t size);
typedef int call_creat(const char *path, mode_t mode);
typedef int call_mkostemp(char *template, int flags);
typedef int call_mkostemps(char *template, int suffix, int flags);
typedef ssize_t call_read(int fd, void *buf, size_t n);
typedef ssize_t call_read_chk(int fd, void *buf, size_t n, size_t size);
typedef ssize_t call_pread(int fd, void *buf, size_t n, int64_t pos);
typedef ssize_t call_pread_chk(int fd, void *buf, size_t n, int64_t pos, size_t size);
typedef ssize_t call_readv(int fd, const struct iovec *iov, int count);
typedef ssize_t call_preadv(int fd, const struct iovec *iov, int count, int64_t pos);
typedef ssize_t call_preadv2(int fd, const struct iovec *iov, int count, int64_t pos, int flags);
typedef ssize_t call_write(int fd, const void *buf, size_t n);
typedef ssize_t call_pwrite(int fd, const void *buf, size_t n, int64_t pos);
typedef call_readv call_writev;
typedef call_preadv call_pwritev;
typedef call_preadv2 call_pwritev2;
typedef int call_fcntl(int fd, int cmd, ...);
typedef int call_dup(int fd);
typedef int call_dup2(int from, int to);
typedef int call_dup3(int from, int to, int flags);
typedef int call_close(int fd);
typedef int call_close_range(unsigned first, unsigned last, int flags);
typedef void call_closefrom(int first);
typedef ssize_t call_sendfile(int out, int in, int64_t *pos, size_t n);
typedef ssize_t call_splice(int in, int64_t *in_pos, int out, int64_t *out_pos, size_t n,
			    unsigned flags);
typedef call_splice call_copy_file_range;
typedef int call_aio_read(struct aiocb *cb);
typedef call_aio_read call_aio_write;
typedef int call_lio_listio(int mode, struct aiocb *const list[], int count,
			    struct sigevent *event);
typedef long call_syscall(long nr, ...);
typedef int call_dprintf(int fd, const char *format, ...);
typedef int call_vdprintf(int fd, const char *format, va_list ap);
typedef int call_dprintf_chk(int fd, int flag, const char *format, ...);
typedef int call_vdprintf_chk(int fd, int flag, const char *format, va_list ap);
typedef int call_io_submit(aio_context_t ctx, long nr, struct iocb **iocbs);

#ifdef DIOSHIM_OFF32
/* The same with a 32-bit offset, or on files that are opened without O_LARGEFILE. */
typedef call_open call_open_off32;
typedef call_open_2 call_open_2_off32;
typedef call_openat call_openat_off32;
typedef call_openat_2 call_openat_2_off32;
typedef call_creat call_creat_off32;
typedef call_mkostemp call_mkostemp_off32;
typedef call_mkostemps call_mkostemps_off32;
typedef call_fcntl call_fcntl_off32;
typedef ssize_t call_pread_off32(int fd, void *buf, size_t n, off_t pos);
typedef ssize_t call_pread_chk_off32(int fd, void *buf, size_t n, off_t pos, size_t size);
typedef ssize_t call_preadv_off32(int fd, const struct iovec *iov, int count, off_t pos);
typedef ssize_t call_preadv2_off32(int fd, const struct iovec *iov, int count, off_t pos,
				   int flags);
typedef ssize_t call_pwrite_off32(int fd, const void *buf, size_t n, off_t pos);
typedef call_preadv_off32 call_pwritev_off32;
typedef call_preadv2_off32 call_pwritev2_off32;
typedef ssize_t call_sendfile_off32(int out, int in, off_t *pos, size_t n);
typedef call_aio_read call_aio_read_off32;
typedef call_aio_write call_aio_write_off32;
typedef call_lio_listio call_lio_listio_off32;
#endif

#ifndef __GLIBC__
/* musl has these names as macros, and in its library for programs that were built with others. */
#include <stdlib.h>
#undef open64
#undef openat64
#undef creat64
#undef mkostemp64
#undef mkostemps64
#undef pread64
#undef pwrite64
#undef preadv64
#undef pwritev64
#undef fcntl64
#undef sendfile64
#undef aio_read64
#undef aio_write64
#undef lio_listio64
#endif

/* Some names are declared in no header that this file could include. */
#define DIOSHIM_DECLARE(symbol, kind) call_##kind symbol;

DIOSHIM_OPEN_SYMBOLS(DIOSHIM_DECLARE)
DIOSHIM_TEMPORARY_SYMBOLS(DIOSHIM_DECLARE)
DIOSHIM_READ_SYMBOLS(DIOSHIM_DECLARE)
DIOSHIM_WRITE_SYMBOLS(DIOSHIM_DECLARE)
DIOSHIM_FD_SYMBOLS(DIOSHIM_DECLARE)
DIOSHIM_PRINT_SYMBOLS(DIOSHIM_DECLARE)
DIOSHIM_COPY_SYMBOLS(DIOSHIM_DECLARE)
DIOSHIM_AIO_SYMBOLS(DIOSHIM_DECLARE)

#define DIOSHIM_REAL_MEMBER(symbol, kind) call_##kind *symbol;

struct real {
	DIOSHIM_SYMBOLS(DIOSHIM_REAL_MEMBER)
};

extern struct real real;

/* pthread_testcancel(3): in libpthread before glibc 2.34, so null in a program without threads there. */
extern void (*real_testcancel)(void);

#endif
