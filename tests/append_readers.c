/* Readers through one shared offset. See append.h. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "append.h"

/*
 * Returns the byte of a prepared file at `pos`. The file consists of groups of four bytes, of which
 * only the first has its top bit set. The other bits are the group's number. So any seven bytes
 * hold a whole group and tell their position.
 */
static unsigned char coded(size_t pos)
{
	size_t group = pos / 4;

	return (unsigned char)(pos % 4 ? (group >> pos % 4 * 7) & 0x7f : 0x80 | (group & 0x7f));
}

static size_t decode(const unsigned char *bytes)
{
	size_t skip = 0;
	size_t group = 0;

	while (skip < 3 && !(bytes[skip] & 0x80))
		skip++;
	for (size_t i = 0; i < 4; i++)
		group |= (size_t)(bytes[skip + i] & 0x7f) << i * 7;
	return group * 4 - skip;
}

bool is_coded(const unsigned char *bytes, size_t pos, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != coded(pos + i))
			return false;
	return true;
}

void prepare_coded(const struct options *o)
{
	unsigned char *bytes = page_memory(ROOM);

	for (size_t i = 0; i < ROOM; i++)
		bytes[i] = coded(i);
	/* With this odd size the last read is short. */
	raw_write_file(o->path, bytes, ROOM - 777);
}

static void remember_short(struct round *r, const unsigned char *bytes, size_t len)
{
	uint32_t n = atomic_fetch_add(&r->short_count, 1);

	if (n >= SHORT_READS)
		die("more short reads than expected");
	r->short_reads[n].len = (uint8_t)len;
	memcpy(r->short_reads[n].bytes, bytes, len);
}

static void remember(struct worker *w, const unsigned char *bytes, size_t len)
{
	size_t pos;

	if (len < POSITION_CODED) {
		remember_short(w->round, bytes, len);
		return;
	}
	pos = decode(bytes);
	if (pos + len > ROOM || !is_coded(bytes, pos, len))
		found("reader %d: %zu bytes that are not one range of the file", w->id, len);
	for (size_t i = 0; i < len; i++)
		atomic_fetch_add_explicit(&w->round->seen[pos + i], 1, memory_order_relaxed);
}

static ssize_t read_on(struct worker *w, unsigned char *into, size_t len)
{
	size_t first = rng_between(&w->rng, 0, len);
	const struct iovec iov[2] = { { into, first }, { into + first, len - first } };

	return rng_one_in(&w->rng, 3) ? readv(w->fd, iov, 2) : read(w->fd, into, len);
}

static size_t read_length(struct worker *w, size_t least)
{
	switch (rng_between(&w->rng, 0, 9)) {
	case 0:
		return rng_between(&w->rng, least, POSITION_CODED);
	case 1 ... 4:
		return rng_between(&w->rng, POSITION_CODED, 511);
	case 5 ... 7:
		return rng_between(&w->rng, 512, 4095);
	case 8:
		return 512 * rng_between(&w->rng, 1, 16);
	default:
		return rng_between(&w->rng, 4096, 50000);
	}
}

static ssize_t read_once(struct worker *w, size_t len)
{
	unsigned char *into = any_address(w);
	ssize_t got = read_on(w, into, len);

	if (got < 0)
		found("reader %d: read of %zu bytes: %s", w->id, len, strerror(errno));
	if (got > 0)
		remember(w, into, (size_t)got);
	return got;
}

void read_to_end(struct worker *w)
{
	while (read_once(w, read_length(w, 1)) > 0)
		;
}

void read_while_allowed(struct worker *w)
{
	for (;;) {
		size_t len = read_length(w, POSITION_CODED);

		if (!round_allows(w->round, len))
			return;
		if (read_once(w, len) != (ssize_t)len)
			found("reader %d: a short read before the end of the file", w->id);
	}
}

/* Checks that the bytes missing in longer reads are those of the reads too short to locate. */
static void fill_with_short_reads(struct round *r, const size_t missing[256])
{
	size_t there[256] = { 0 };

	for (uint32_t n = 0; n < r->short_count; n++)
		for (int i = 0; i < r->short_reads[n].len; i++)
			there[r->short_reads[n].bytes[i]]++;
	for (int byte = 0; byte < 256; byte++)
		if (there[byte] != missing[byte])
			found("byte 0x%02x: %zu in reads of less than %d bytes, %zu not in others",
			      (unsigned)byte, there[byte], POSITION_CODED, missing[byte]);
}

void all_read_once(struct round *r, size_t end)
{
	size_t missing[256] = { 0 };

	for (size_t pos = 0; pos < end; pos++) {
		if (r->seen[pos] > 1)
			found("byte %zu was read %d times", pos, r->seen[pos]);
		if (!r->seen[pos])
			missing[coded(pos)]++;
	}
	fill_with_short_reads(r, missing);
}
