/* Calls that move data, by syscall(2) and their numbers, as language runtimes make them. */
#include "differential.h"
#include "sys64.h"

#include <sys/syscall.h>
#include <unistd.h>

static long plain_by_number(const struct call *c, int fd, void *buf, size_t len)
{
	switch (c->op) {
	case OP_READ:
		return syscall(SYS_read, fd, buf, len);
	case OP_PREAD:
		return syscall(SYS_pread64, fd, buf, len, SYS64_EVEN(c->pos));
	case OP_WRITE:
		return syscall(SYS_write, fd, buf, len);
	default:
		return syscall(SYS_pwrite64, fd, buf, len, SYS64_EVEN(c->pos));
	}
}

/* The count is a long for the kernel. */
long by_number(const struct call *c, int fd, void *buf, size_t len, const struct iovec *vector)
{
	long count = c->count;

	switch (c->op) {
	case OP_READV:
		return syscall(SYS_readv, fd, vector, count);
	case OP_PREADV:
		return syscall(SYS_preadv, fd, vector, count, SYS64_IOV(c->pos));
	case OP_PREADV2:
		return syscall(SYS_preadv2, fd, vector, count, SYS64_IOV(c->pos), c->flags);
	case OP_WRITEV:
		return syscall(SYS_writev, fd, vector, count);
	case OP_PWRITEV:
		return syscall(SYS_pwritev, fd, vector, count, SYS64_IOV(c->pos));
	case OP_PWRITEV2:
		return syscall(SYS_pwritev2, fd, vector, count, SYS64_IOV(c->pos), c->flags);
	default:
		return plain_by_number(c, fd, buf, len);
	}
}
