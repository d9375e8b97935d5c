/* POSIX AIO: one request, or a list of them, waited for. */
#define aio_read64 declared_aio_read64
#define aio_write64 declared_aio_write64
#define lio_listio64 declared_lio_listio64
#include <aio.h>
#undef aio_read64
#undef aio_write64
#undef lio_listio64

#include "differential.h"
#include "plain.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * The LFS64 twins have a type of their own in <aio.h>, which differs in the width of the offset only, and only on a
 * 32-bit machine. `WIDE`: the name of the one with a 64-bit offset.
 */
#ifdef __GLIBC__
#define WIDE(name) name "64"
int aio_read64(struct aiocb *cb);
int aio_write64(struct aiocb *cb);
int lio_listio64(int mode, struct aiocb *const list[], int count, struct sigevent *event);
#else
#define WIDE(name) name
#define aio_read64 plain_aio_read
#define aio_write64 plain_aio_write
#define lio_listio64 plain_lio_listio
#endif

typedef int one_function(struct aiocb *cb);
typedef int list_function(int mode, struct aiocb *const list[], int count, struct sigevent *event);

static one_function *one_for(const struct call *c, enum which which)
{
	bool other = c->door % 2 || !plain_fits(c->pos);

	if (which == ORDINARY)
		return (one_function *)own_function(is_read(c) ? WIDE("aio_read")
							       : WIDE("aio_write"));
	if (is_read(c))
		return other ? aio_read64 : plain_aio_read;
	return other ? aio_write64 : plain_aio_write;
}

static list_function *list_for(const struct call *c, enum which which, bool fits)
{
	if (which == ORDINARY)
		return (list_function *)own_function(WIDE("lio_listio"));
	return c->door % 2 || !fits ? lio_listio64 : plain_lio_listio;
}

/* Returns the bytes moved, or -1 and errno. */
static long result_of(struct aiocb *cb)
{
	const struct aiocb *list[] = { cb };
	int before = errno;
	int error;
	long ret;

	while (aio_error(cb) == EINPROGRESS)
		if (aio_suspend(list, 1, NULL) && errno != EINTR)
			err(2, "aio_suspend");
	error = aio_error(cb);
	ret = aio_return(cb);
	errno = ret < 0 ? error : before;
	return ret;
}

/* Returns the sum, or the first failure. */
static long results_of(struct aiocb *requests, int count)
{
	long sum = 0;
	int error = 0;

	for (int i = 0; i < count; i++) {
		long ret = result_of(&requests[i]);

		if (ret < 0 && !error)
			error = errno;
		sum += ret > 0 ? ret : 0;
	}
	if (error)
		errno = error;
	return error ? -1 : sum;
}

static struct aiocb request(const struct call *c, int fd, const struct iovec *piece, off_t pos)
{
	struct aiocb cb;

	memset(&cb, 0, sizeof(cb));
	cb.aio_fildes = fd;
	cb.aio_buf = piece->iov_base;
	cb.aio_nbytes = piece->iov_len;
	cb.aio_offset = pos;
	cb.aio_sigevent.sigev_notify = SIGEV_NONE;
	cb.aio_lio_opcode = is_read(c) ? LIO_READ : LIO_WRITE;
	return cb;
}

/* The pieces follow each other in the file. */
static long make_list(const struct call *c, int fd, const struct iovec *pieces, enum which which)
{
	static struct aiocb requests[MOST_PIECES];
	struct aiocb *list[MOST_PIECES];
	off_t pos = c->pos;
	bool fit = true;

	for (int i = 0; i < c->count; i++) {
		requests[i] = request(c, fd, &pieces[i], pos);
		list[i] = &requests[i];
		fit &= plain_fits(pos);
		if (__builtin_add_overflow(pos, (off_t)pieces[i].iov_len, &pos))
			pos = c->pos;
	}
	/* Says EIO if a request has failed, which is seen below. */
	if (list_for(c, which, fit)(LIO_WAIT, list, c->count, NULL) && errno != EIO)
		return -1;
	errno = 0;
	return results_of(requests, c->count);
}

long make_posix(const struct call *c, int fd, const struct iovec *pieces, enum which which)
{
	static struct aiocb one[SIDES];
	long ret;

	if (is_list(c))
		return make_list(c, fd, pieces, which);
	one[which] = request(c, fd, pieces, c->pos);
	if (one_for(c, which)(&one[which]))
		return -1;
	ret = result_of(&one[which]);
	if (ret >= 0)
		errno = 0; /* that of the C library's waiting */
	return ret;
}
