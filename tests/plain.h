/*
 * The functions with an off_t, under the names that they have in the C library. The tests are built with 64-bit offsets
 * (_FILE_OFFSET_BITS), for which the headers of a 32-bit machine replace these names by pread64() and so on. The
 * offset of these has one word.
 */
#ifndef DIOSHIM_TEST_PLAIN_H
#define DIOSHIM_TEST_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

int plain_open(const char *path, int flags, ...) __asm__("open");
int plain_openat(int dir, const char *path, int flags, ...) __asm__("openat");
ssize_t plain_pread(int fd, void *buf, size_t len, long pos) __asm__("pread");
ssize_t plain_pwrite(int fd, const void *buf, size_t len, long pos) __asm__("pwrite");
ssize_t plain_preadv(int fd, const struct iovec *iov, int count, long pos) __asm__("preadv");
ssize_t plain_pwritev(int fd, const struct iovec *iov, int count, long pos) __asm__("pwritev");
ssize_t plain_preadv2(int fd, const struct iovec *iov, int count, long pos,
		      int flags) __asm__("preadv2");
ssize_t plain_pwritev2(int fd, const struct iovec *iov, int count, long pos,
		       int flags) __asm__("pwritev2");

ssize_t plain_sendfile(int out, int in, long *pos, size_t len) __asm__("sendfile");

struct aiocb;
struct sigevent;
int plain_aio_read(struct aiocb *cb) __asm__("aio_read");
int plain_aio_write(struct aiocb *cb) __asm__("aio_write");
int plain_lio_listio(int mode, struct aiocb *const list[], int count,
		     struct sigevent *event) __asm__("lio_listio");

static inline bool plain_fits(int64_t pos)
{
	return pos == (long)pos;
}

#endif
