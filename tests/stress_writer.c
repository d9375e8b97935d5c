/* One writer. See stress.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "stress.h"

enum { PIECES = 4 };

/* Returns memory for the bytes of a range: at any address, or at one that direct I/O accepts. */
static unsigned char *place(struct writer *w, const struct range *range)
{
	if (range->sectors || rng_one_in(&w->rng, 4))
		return w->buffer;
	return w->buffer + rng_between(&w->rng, 1, 64);
}

static int cut(struct writer *w, unsigned char *bytes, size_t len, struct iovec *iov)
{
	int n = 0;

	while (n < PIECES - 1 && len > 1) {
		size_t piece = rng_between(&w->rng, 0, len);

		iov[n++] = (struct iovec){ bytes, piece };
		bytes += piece;
		len -= piece;
	}
	iov[n++] = (struct iovec){ bytes, len };
	return n;
}

/* Returns whether no other thread uses the file offset. */
static bool offset_is_own(const struct writer *w)
{
	return w->way == WAY_OWN || w->way == WAY_DSYNC;
}

static ssize_t transfer_past_shim(bool write, int fd, unsigned char *bytes, size_t len, off_t pos)
{
	return write ? raw_pwrite(fd, bytes, len, pos) : raw_pread(fd, bytes, len, pos);
}

static int fd_for(const struct writer *w, bool write)
{
	return write ? w->fd : w->read_fd;
}

static ssize_t transfer_vector(struct writer *w, bool write, unsigned char *bytes, size_t len,
			       off_t pos)
{
	int fd = fd_for(w, write);
	struct iovec iov[PIECES];
	int count = cut(w, bytes, len, iov);

	switch (rng_between(&w->rng, 0, offset_is_own(w) ? 3 : 2)) {
	case 0:
		return write ? pwritev2(fd, iov, count, pos, RWF_DSYNC)
			     : preadv2(fd, iov, count, pos, 0);
	case 1 ... 2:
		return write ? pwritev(fd, iov, count, pos) : preadv(fd, iov, count, pos);
	default:
		if (lseek(fd, pos, SEEK_SET) != pos)
			return -1;
		return write ? writev(fd, iov, count) : readv(fd, iov, count);
	}
}

static ssize_t transfer_plain(struct writer *w, bool write_, unsigned char *bytes, size_t len,
			      off_t pos)
{
	int fd = fd_for(w, write_);

	if (!offset_is_own(w) || rng_one_in(&w->rng, 2))
		return write_ ? pwrite(fd, bytes, len, pos) : pread(fd, bytes, len, pos);
	if (lseek(fd, pos, SEEK_SET) != pos)
		return -1;
	return write_ ? write(fd, bytes, len) : read(fd, bytes, len);
}

static void transfer(struct writer *w, bool write, unsigned char *bytes, const struct range *range)
{
	ssize_t done;

	if (w->way == WAY_PLAIN)
		done = transfer_past_shim(write, w->fd, bytes, range->len, range->start);
	else if (!range->sectors && rng_one_in(&w->rng, 3))
		done = transfer_vector(w, write, bytes, range->len, range->start);
	else
		done = transfer_plain(w, write, bytes, range->len, range->start);
	if (done != (ssize_t)range->len)
		found("writer %d (%s): %s of [%u, %u) returned %zd (%s)", w->id, way_names[w->way],
		      write ? "write" : "read", range->start, range->start + range->len, done,
		      done < 0 ? strerror(errno) : "short");
}

/* Sometimes returns a part, so that new and old bytes of one writer also meet inside a sector. */
static struct range part_of(struct writer *w, const struct range *range)
{
	struct range part = *range;

	if (range->sectors || w->arena->options.extend || !rng_one_in(&w->rng, 3))
		return part;
	part.start += (uint32_t)rng_between(&w->rng, 0, range->len - 1);
	part.len = (uint32_t)rng_between(&w->rng, 1, range->start + range->len - part.start);
	return part;
}

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
	uint64_t was = atomic_load(most);

	while (was < value && !atomic_compare_exchange_weak(most, &was, value))
		;
}

static void write_range(struct writer *w, const struct range *whole)
{
	struct range range = part_of(w, whole);
	unsigned char *bytes = place(w, &range);
	struct arena *a = w->arena;

	w->generation++;
	for (size_t i = 0; i < range.len; i++)
		bytes[i] = stress_byte(w->id, w->generation, range.start + i);
	memcpy(a->expected + range.start, bytes, range.len);
	raise_to(&a->started_end, range.start + range.len);
	transfer(w, true, bytes, &range);
	raise_to(&a->completed_end, range.start + range.len);
	atomic_fetch_add(&a->writes, 1);
	atomic_fetch_add(&a->written, range.len);
}

static void read_range(struct writer *w, const struct range *range)
{
	unsigned char *bytes = place(w, range);
	char who[60];

	memset(bytes, 0, range->len);
	transfer(w, false, bytes, range);
	atomic_fetch_add(&w->arena->reads, 1);
	snprintf(who, sizeof(who), "writer %d (%s), reading back", w->id, way_names[w->way]);
	if (judge(w->arena, who, bytes, range->start, range->len))
		_exit(1);
}

static const struct range *any_own(struct writer *w, size_t from_first)
{
	return w->own[rng_between(&w->rng, 0, from_first - 1)];
}

static void rewrite_until_deadline(struct writer *w)
{
	while (seconds_now() < w->arena->deadline) {
		const struct range *range = any_own(w, w->own_count);

		write_range(w, range);
		if (rng_one_in(&w->rng, 2))
			read_range(w, range);
		if (rng_one_in(&w->rng, 2))
			read_range(w, any_own(w, w->own_count));
	}
}

static void extend_once(struct writer *w)
{
	for (size_t i = 0; i < w->own_count; i++) {
		write_range(w, w->own[i]);
		if (rng_one_in(&w->rng, 2))
			read_range(w, any_own(w, i + 1));
	}
}

void writer_run(struct writer *w)
{
	if (!w->own_count)
		return;
	if (w->arena->options.extend)
		extend_once(w);
	else
		rewrite_until_deadline(w);
}
