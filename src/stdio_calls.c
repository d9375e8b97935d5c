/*
 * The calls that stdio makes. See stdio_calls.h.
 *
 * The C library's own function is called first, so that a stream on any other descriptor is as it was: one
 * system call, the same cancellation points, the same errors. Only what the kernel refuses goes on, as in
 * public_transfer.h. The stream is locked by the caller, or by nobody if the program wants it so.
 */
#include "stdio_calls.h"

#include <features.h>

#ifdef __GLIBC__

#include <errno.h>

#include "number.h"
#include "public_fd.h"
#include "public_transfer.h"
#include "record_call.h"
#include "record_file.h"
#include "recording.h"
#include "refused.h"
#include "stdio_table.h"
#include "sys.h"

static struct stdio_calls library;

/* Counts as the hooks of read() and write() do (record_hooks.c), which these calls do not meet. */
static ssize_t counted(int fd, enum record_direction direction, ssize_t ret)
{
	if (unlikely(recording.any) && ret > 0)
		record_answered(fd, direction, ret);
	return ret;
}

/* --- read --- */

typedef ssize_t call_stream_input(int fd, void *buf, size_t n, FILE *fp);

static ssize_t library_read(int fd, void *buf, size_t n, FILE *fp)
{
	return counted(fd, RECORD_READ, library.read(fp, buf, (ssize_t)n));
}

BUFFER_TRANSFER(stream_input, SYS_read, 0, (int fd, void *buf, size_t n, FILE *fp),
		(fd, buf, n, fp))

static ssize_t stream_read(FILE *fp, void *buf, ssize_t n)
{
	return do_stream_input(library_read, fp->_fileno, buf, (size_t)n, fp);
}

/* --- write --- */

typedef ssize_t call_stream_output(int fd, const void *buf, size_t n, FILE *fp);

/*
 * The C library's function makes write(2) again until everything is written or a call fails. Then it marks
 * the stream as failed and returns what was written before. Returns what write(2) would have returned for
 * that: the mark is left only if a part was written and the kernel has refused the rest, with errno.
 */
static ssize_t library_write(int fd, const void *buf, size_t n, FILE *fp)
{
	ssize_t ret = counted(fd, RECORD_WRITE, library.write(fp, buf, (ssize_t)n));

	if (ret || !n)
		return ret;
	fp->_flags &= ~_IO_ERR_SEEN;
	return -1;
}

BUFFER_TRANSFER(stream_output, SYS_write, 0, (int fd, const void *buf, size_t n, FILE *fp),
		(fd, buf, n, fp))

/* Goes on after `done` bytes, fewer than requested. Returns how many are written in the end. */
COLD size_t write_rest(FILE *fp, const char *data, size_t n, ssize_t done, int before)
{
	size_t all = done > 0 ? (size_t)done : 0;
	int fd = fp->_fileno;

	while (done > 0 && all < n) {
		if (fp->_flags & _IO_ERR_SEEN) {
			fp->_flags &= ~_IO_ERR_SEEN;
			done = rescue_refused(SYS_write, fd, data + all, n - all, 0, before, 0, -1);
		} else {
			done = do_stream_output(library_write, fd, data + all, n - all, fp);
		}
		if (done > 0)
			all += (size_t)done;
	}
	return all;
}

/*
 * Keeps the contract of _IO_new_file_write() (libio/fileops.c): returns how much was written, marks the
 * stream as failed if that is less than `n`, and adds it to the offset that the stream remembers, if it does.
 */
static ssize_t stream_write(FILE *fp, const void *data, ssize_t n)
{
	const int failed = fp->_flags & _IO_ERR_SEEN;
	const int64_t offset = fp->_offset;
	const int before = errno_before();
	ssize_t done;

	fp->_flags &= ~_IO_ERR_SEEN;
	done = do_stream_output(library_write, fp->_fileno, data, (size_t)n, fp);
	if (unlikely(done < n))
		done = (ssize_t)write_rest(fp, data, (size_t)n, done, before);
	fp->_flags |= done < n ? _IO_ERR_SEEN : failed;
	if (offset >= 0)
		fp->_offset = offset + done;
	return done;
}

/* --- close --- */

/* Like the C library's, no cancellation point. */
static int close_number(int fd)
{
	long ret = sys(SYS_close, fd);

	if (!ret)
		return 0;
	errno = (int)-ret;
	return -1;
}

static int stream_close(FILE *fp)
{
	int fd = fp->_fileno;

	if (unlikely(recording.any))
		record_closes(fd);
	return likely(!number_watched(fd)) ? library.close(fp) : fd_close(close_number, fd);
}

/* --- where the file system refuses O_DIRECT (refused.h) --- */

static struct stdio_calls settled;

static ssize_t settled_read(FILE *fp, void *buf, ssize_t n)
{
	ssize_t ret = settled.read(fp, buf, n);

	return ret > 0 ? refused_moved(fp->_fileno, false, REFUSED_IMPLIED, ret) : ret;
}

/* Nothing counts as written if it could not be brought to the device. */
static ssize_t settled_write(FILE *fp, const void *buf, ssize_t n)
{
	ssize_t ret = settled.write(fp, buf, n);

	return ret > 0 && refused_moved(fp->_fileno, true, REFUSED_IMPLIED, ret) < 0 ? 0 : ret;
}

void stdio_start(void)
{
	static const struct stdio_calls ours = { stream_read, stream_write, stream_close };

	if (!stdio_table_replace(&ours, &library) || !refused_buffered)
		return;
	settled = library;
	library.read = settled_read;
	library.write = settled_write;
}

#else

void stdio_start(void)
{
}

#endif
