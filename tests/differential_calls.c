/* Calls that move data, by syscall(2) or through a public function. */
#include "differential.h"
#include "plain.h"
#include "raw.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __GLIBC__
/* Exported by glibc without a declaration, for itself, for FORTIFY and for old programs. */
ssize_t __read(int fd, void *buf, size_t len);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __pread64(int fd, void *buf, size_t len, off_t pos);
ssize_t __pread_chk(int fd, void *buf, size_t len, long pos, size_t room);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t pos, size_t room);
ssize_t __write(int fd, const void *buf, size_t len);
ssize_t __pwrite64(int fd, const void *buf, size_t len, off_t pos);
#else
/* musl has these since 1.2.5; the shim always does. */
#undef preadv64v2
#undef pwritev64v2
#pragma weak plain_preadv2
#pragma weak plain_pwritev2
#define preadv64v2 plain_preadv2
#define pwritev64v2 plain_pwritev2
#define __read read
#define __read_chk(fd, buf, len, room) read(fd, buf, len)
#define __pread64 pread
#define __pread_chk(fd, buf, len, pos, room) pread(fd, buf, len, pos)
#define __pread64_chk(fd, buf, len, pos, room) pread(fd, buf, len, pos)
#define __write write
#define __pwrite64 pwrite
#endif

static void *address_of(const struct piece *p, const struct side *side)
{
	switch (p->place) {
	case PLACE_NULL:
		return NULL;
	case PLACE_KERNEL:
		return (void *)(sizeof(long) == 8 ? UINTPTR_MAX - 0xffffff : UINTPTR_MAX - 0xfff);
	default:
		return side->arena + p->at;
	}
}

/* The count is an int for the C library and an unsigned long for the kernel: cast it to long. */
static const struct iovec *vector_of(const struct call *c, const struct side *side)
{
	static struct iovec vector[MOST_PIECES];

	if (c->no_vector)
		return (const struct iovec *)(side->arena + ARENA);
	for (int i = 0; i < c->count; i++) {
		vector[i].iov_base = address_of(&c->pieces[i], side);
		vector[i].iov_len = c->pieces[i].len;
	}
	return vector;
}

static long raw_vectored(const struct call *c, int fd, const struct iovec *vector)
{
	switch (c->op) {
	case OP_READV:
		return raw_syscall(SYS_readv, fd, vector, (long)c->count);
	case OP_PREADV:
		return raw_syscall(SYS_preadv, fd, vector, (long)c->count, SYS64_IOV(c->pos));
	case OP_PREADV2:
		return raw_syscall(SYS_preadv2, fd, vector, (long)c->count, SYS64_IOV(c->pos),
				   c->flags);
	case OP_WRITEV:
		return raw_syscall(SYS_writev, fd, vector, (long)c->count);
	case OP_PWRITEV:
		return raw_syscall(SYS_pwritev, fd, vector, (long)c->count, SYS64_IOV(c->pos));
	default:
		return raw_syscall(SYS_pwritev2, fd, vector, (long)c->count, SYS64_IOV(c->pos),
				   c->flags);
	}
}

static long public_vectored(const struct call *c, int fd, const struct iovec *vector)
{
	bool other = c->door % 2 || !plain_fits(c->pos);

	switch (c->op) {
	case OP_READV:
		return readv(fd, vector, c->count);
	case OP_PREADV:
		return other ? preadv64(fd, vector, c->count, c->pos)
			     : plain_preadv(fd, vector, c->count, (long)c->pos);
	case OP_PREADV2:
		return other ? preadv64v2(fd, vector, c->count, c->pos, c->flags)
			     : plain_preadv2(fd, vector, c->count, (long)c->pos, c->flags);
	case OP_WRITEV:
		return writev(fd, vector, c->count);
	case OP_PWRITEV:
		return other ? pwritev64(fd, vector, c->count, c->pos)
			     : plain_pwritev(fd, vector, c->count, (long)c->pos);
	default:
		return other ? pwritev64v2(fd, vector, c->count, c->pos, c->flags)
			     : plain_pwritev2(fd, vector, c->count, (long)c->pos, c->flags);
	}
}

static long raw_plain(const struct call *c, int fd, void *buf, size_t len)
{
	switch (c->op) {
	case OP_READ:
		return raw_syscall(SYS_read, fd, buf, len);
	case OP_PREAD:
		return raw_syscall(SYS_pread64, fd, buf, len, SYS64_EVEN(c->pos));
	case OP_WRITE:
		return raw_syscall(SYS_write, fd, buf, len);
	default:
		return raw_syscall(SYS_pwrite64, fd, buf, len, SYS64_EVEN(c->pos));
	}
}

static long public_pread(const struct call *c, int fd, void *buf, size_t len)
{
	unsigned door = c->door % 5;

	if (!plain_fits(c->pos) && (door == 0 || door == 3))
		door++;
	switch (door) {
	case 0:
		return plain_pread(fd, buf, len, (long)c->pos);
	case 1:
		return pread64(fd, buf, len, c->pos);
	case 2:
		return __pread64(fd, buf, len, c->pos);
	case 3:
		return __pread_chk(fd, buf, len, (long)c->pos, len);
	default:
		return __pread64_chk(fd, buf, len, c->pos, len);
	}
}

static long public_plain(const struct call *c, int fd, void *buf, size_t len)
{
	switch (c->op) {
	case OP_READ:
		return c->door % 3 == 0	  ? read(fd, buf, len)
		       : c->door % 3 == 1 ? __read(fd, buf, len)
					  : __read_chk(fd, buf, len, len);
	case OP_PREAD:
		return public_pread(c, fd, buf, len);
	case OP_WRITE:
		return (c->door % 2 ? __write : write)(fd, buf, len);
	default:
		return c->door % 3 == 0 && plain_fits(c->pos)
			       ? plain_pwrite(fd, buf, len, (long)c->pos)
		       : c->door % 3 == 1 ? pwrite64(fd, buf, len, c->pos)
					  : __pwrite64(fd, buf, len, c->pos);
	}
}

long make_transfer(const struct call *c, const struct scene *s, enum which which)
{
	const struct side *side = &s->side[which];
	int fd = side->fd[c->slot];

	const struct iovec *vector = is_vectored(c) ? vector_of(c, side) : NULL;
	const struct iovec one = { address_of(&c->pieces[0], side), c->pieces[0].len };

	errno = 0;
	if (is_aio(c))
		return make_aio(c, fd, vector ? (void *)(uintptr_t)vector : one.iov_base, which);
	if (is_posix(c))
		return make_posix(c, fd, vector ? vector : &one, which);
	if (c->op == OP_PRINT)
		return make_print(c, fd, one.iov_base, which);
	if (which == DIRECT && is_by_number(c))
		return by_number(c, fd, one.iov_base, one.iov_len, vector);
	if (vector)
		return (which == DIRECT ? public_vectored : raw_vectored)(c, fd, vector);
	return (which == DIRECT ? public_plain : raw_plain)(c, fd, one.iov_base, one.iov_len);
}

static void fill(const struct scene *s, struct random *r, size_t from, size_t to)
{
	random_fill(r, s->side[ORDINARY].arena + from, to - from);
	memcpy(s->side[DIRECT].arena + from, s->side[ORDINARY].arena + from, to - from);
}

/* Fills both arenas with the same bytes, also around the buffers, where a read must not write. */
void fill_arenas(const struct call *c, const struct scene *s)
{
	struct random r = { c->fill };

	fill(s, &r, 0, c->used);
	fill(s, &r, c->tail, ARENA);
	if (c->op == OP_PRINT)
		make_text(c, s);
}
