/*
 * One function for each kind of symbol (common/symbols.h) that moves data: by_<kind>(function, fd,
 * buf, len, pos) calls `function`, which is a symbol of that kind. So a test can call every name in
 * the table.
 *
 * A call that has no offset ignores `pos`; a vectored call gets one iovec. A _chk call is told that
 * the buffer has `len` bytes. Returns what `function` returns.
 */
#ifndef DIOSHIM_TEST_KINDS_H
#define DIOSHIM_TEST_KINDS_H

#include <dlfcn.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "symbols.h"

#define BY_KIND(kind, parameters, ...) \
	static inline ssize_t by_##kind(void *function, int fd, void *buf, size_t len, off_t pos) \
	{ \
		const struct iovec iov = { buf, len }; \
\
		(void)iov; \
		(void)pos; \
		return ((ssize_t(*) parameters)function)(__VA_ARGS__); \
	}

BY_KIND(read, (int, void *, size_t), fd, buf, len)
BY_KIND(read_chk, (int, void *, size_t, size_t), fd, buf, len, len)
BY_KIND(pread, (int, void *, size_t, off_t), fd, buf, len, pos)
BY_KIND(pread_chk, (int, void *, size_t, off_t, size_t), fd, buf, len, pos, len)
BY_KIND(readv, (int, const struct iovec *, int), fd, &iov, 1)
BY_KIND(preadv, (int, const struct iovec *, int, off_t), fd, &iov, 1, pos)
BY_KIND(preadv2, (int, const struct iovec *, int, off_t, int), fd, &iov, 1, pos, 0)
BY_KIND(write, (int, const void *, size_t), fd, buf, len)
BY_KIND(pwrite, (int, const void *, size_t, off_t), fd, buf, len, pos)
BY_KIND(writev, (int, const struct iovec *, int), fd, &iov, 1)
BY_KIND(pwritev, (int, const struct iovec *, int, off_t), fd, &iov, 1, pos)
BY_KIND(pwritev2, (int, const struct iovec *, int, off_t, int), fd, &iov, 1, pos, 0)

/* A row of a table made from DIOSHIM_READ_SYMBOLS or DIOSHIM_WRITE_SYMBOLS. */
struct named_transfer {
	const char *name;
	ssize_t (*by)(void *function, int fd, void *buf, size_t len, off_t pos);
};

#define NAMED_TRANSFER(symbol, kind) { #symbol, by_##kind },

/*
 * Returns what the program would call by this name: the shim's function if it is preloaded. NULL:
 * none.
 */
static inline void *find_function(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

#endif
