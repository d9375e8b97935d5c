/*
 * Calls that are not read or write by name: copies, streams, Linux AIO, POSIX AIO, calls by number. See
 * interleave_puppet.h.
 */
#include "interleave_acts.h"

#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interleave_file.h"
#include "interleave_outcome.h"
#include "raw.h"

/* --- Copies --- */

static struct op *copy_begin(struct actor *a, const struct handle *to, size_t len, off_t pos)
{
	struct op *op = call_begin(a, OP_WRITE, to);

	op->len = len;
	op->pos = pos;
	return op;
}

void act_sendfile(struct actor *a, struct handle to, struct handle from, size_t len, off_t from_pos)
{
	struct op *op = copy_begin(a, &to, len, -1);

	call_name(op, "sendfile(%c, %c at %lld, %zu)", call_file(to), call_file(from),
		  (long long)from_pos, len);
	call_starts(a);
	call_ends(a, op, sendfile(to.fd, from.fd, &from_pos, len));
}

void act_copy_range(struct actor *a, struct handle to, struct handle from, size_t len, off_t pos,
		    off_t from_pos)
{
	struct op *op = copy_begin(a, &to, len, pos);

	call_name(op, "copy_file_range(%c at %lld, %c at %lld, %zu)", call_file(from),
		  (long long)from_pos, call_file(to), (long long)pos, len);
	call_starts(a);
	call_ends(a, op, copy_file_range(from.fd, &from_pos, to.fd, &pos, len, 0));
}

void act_splice(struct actor *a, struct handle to, int pipe, size_t len, off_t pos)
{
	struct op *op = copy_begin(a, &to, len, pos);

	call_name(op, "splice(pipe, %c at %lld, %zu)", call_file(to), (long long)pos, len);
	call_starts(a);
	call_ends(a, op, splice(pipe, NULL, to.fd, &pos, len, 0));
}

int filled_pipe(size_t len)
{
	int ends[2];

	memset(buffers[0], 'P', len);
	if (pipe(ends) || raw_syscall(SYS_write, ends[1], buffers[0], len) != (long)len)
		puppet_trouble("pipe: %s", strerror(errno));
	return ends[0];
}

/* --- Streams --- */

FILE *stream_on(struct handle h)
{
	static char room[BUFSIZ * 2];
	FILE *stream = fdopen(h.fd, h.appends ? "a" : "w");

	if (!stream || setvbuf(stream, room, _IOFBF, sizeof(room)))
		puppet_trouble("fdopen: %s", strerror(errno));
	return stream;
}

void act_stream_write(struct actor *a, struct handle h, FILE *stream, size_t len)
{
	char fill = call_letter(a);
	struct op *op = copy_begin(a, &h, len, -1);
	long ret;

	memset(buffers[a->index], fill, len);
	call_name(op, "fwrite(%c, %zu '%c'), fflush", call_file(h), len, fill);
	call_starts(a);
	ret = (long)fwrite(buffers[a->index], 1, len, stream);
	call_ends(a, op, fflush(stream) ? -1 : ret);
}

void act_dprintf(struct actor *a, struct handle h, size_t len)
{
	char fill = call_letter(a);
	struct op *op = copy_begin(a, &h, len, -1);

	memset(buffers[a->index], fill, len);
	call_name(op, "dprintf(%c, %zu '%c')", call_file(h), len, fill);
	call_starts(a);
	call_ends(a, op, dprintf(h.fd, "%.*s", (int)len, (char *)buffers[a->index]));
}

/* --- By number --- */

void act_pwrite_by_number(struct actor *a, struct handle h, size_t len, off_t pos)
{
	char fill = call_letter(a);
	struct op *op = copy_begin(a, &h, len, pos);
	unsigned char *from = buffers[a->index] + 1;

	memset(from, fill, len);
	call_name(op, "syscall(pwrite64, %c, %zu '%c', %lld)", call_file(h), len, fill,
		  (long long)pos);
	call_starts(a);
	call_ends(a, op, syscall(SYS_pwrite64, h.fd, from, len, pos));
}

/* --- Linux AIO. Each actor has a context of its own. --- */

static aio_context_t contexts[ACTORS_MAX];
static struct iocb requests[ACTORS_MAX];

void aio_ready(struct actor *a)
{
	if (raw_syscall(SYS_io_setup, 4, &contexts[a->index]))
		puppet_trouble("io_setup: %s", strerror(errno));
}

/* The memory is aligned if the request is, and the actor's until act_aio_wait(). */
void act_aio_write(struct actor *a, struct handle h, size_t len, off_t pos)
{
	char fill = call_letter(a);
	struct op *op = copy_begin(a, &h, len, h.appends ? -1 : pos);
	unsigned char *from = buffers[a->index] + (len % 512 || pos % 512 ? 1 : 0);
	struct iocb *cb = &requests[a->index];

	memset(from, fill, len);
	*cb = (struct iocb){ .aio_lio_opcode = IOCB_CMD_PWRITE,
			     .aio_fildes = (uint32_t)h.fd,
			     .aio_buf = (uintptr_t)from,
			     .aio_nbytes = len,
			     .aio_offset = pos };
	call_name(op, "io_submit(%c, %zu '%c', %lld)", call_file(h), len, fill, (long long)pos);
	call_starts(a);
	call_ends(a, op, syscall(SYS_io_submit, contexts[a->index], 1L, &cb));
}

void act_aio_wait(struct actor *a)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);
	struct io_event event = { 0 };
	long ret;

	call_name(op, "io_getevents()");
	call_starts(a);
	ret = syscall(SYS_io_getevents, contexts[a->index], 1L, 1L, &event, NULL);
	if (ret == 1 && event.res < 0)
		errno = (int)-event.res;
	call_ends(a, op, ret != 1 || event.res < 0 ? -1 : (long)event.res);
}

/* --- POSIX AIO --- */

/*
 * The C library makes a request in a thread of its own, which the tool would have to follow. The shim makes a
 * misaligned one at once. So without it, this is the call that the thread would make.
 */
void act_posix_write(struct actor *a, struct handle h, size_t len, off_t pos)
{
	static struct aiocb all[ACTORS_MAX];
	struct aiocb *cb = &all[a->index];
	char fill = call_letter(a);
	struct op *op = copy_begin(a, &h, len, h.appends ? -1 : pos);
	unsigned char *from = buffers[a->index] + 1;
	long ret;

	memset(from, fill, len);
	memset(cb, 0, sizeof(*cb));
	cb->aio_fildes = h.fd;
	cb->aio_buf = from;
	cb->aio_nbytes = len;
	cb->aio_offset = pos;
	cb->aio_sigevent.sigev_notify = SIGEV_NONE;
	call_name(op, "aio_write(%c, %zu '%c', %lld)", call_file(h), len, fill, (long long)pos);
	call_starts(a);
	if (!getenv("LD_PRELOAD")) {
		call_ends(a, op, pwrite(h.fd, from, len, pos));
		return;
	}
	ret = aio_write(cb);
	if (!ret)
		errno = aio_error(cb);
	call_ends(a, op, ret ? ret : aio_return(cb));
}
