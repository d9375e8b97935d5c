/* Records that can be told apart by their bytes. See append.h. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "append.h"

static uint64_t key_of(const struct round *r, int id, uint32_t seq)
{
	return mix64(r->seed + (uint64_t)id * 1000003 + seq);
}

size_t record_length(const struct round *r, int id, uint32_t seq)
{
	struct rng rng = { key_of(r, id, seq) };

	switch (rng_between(&rng, 0, 29)) {
	case 0 ... 7:
		return rng_between(&rng, 1, 16);
	case 8 ... 16:
		return rng_between(&rng, 17, 511);
	case 17 ... 23:
		return rng_between(&rng, 512, 4095);
	case 24 ... 26:
		return rng_between(&rng, 4096, 20000);
	case 27 ... 28: /* aligned if the file happens to end at a sector */
		return 512 * rng_between(&rng, 1, 16);
	default:
		return rng_between(&rng, 20000, LONGEST);
	}
}

/*
 * The first byte has the writer, and the number of the record modulo 16. The other bytes follow
 * from the writer and the full number. So even a record of one byte can be recognized.
 */
void record_make(const struct round *r, int id, uint32_t seq, unsigned char *into)
{
	size_t len = record_length(r, id, seq);
	uint64_t key = key_of(r, id, seq);

	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = mix64(key + i);

		memcpy(into + i, &word, len - i < 8 ? len - i : 8);
	}
	into[0] = (unsigned char)((unsigned)id << 4 | (seq & 15));
}

size_t record_check(const struct round *r, const unsigned char *bytes, size_t room, uint32_t *next)
{
	static unsigned char should[LONGEST + 8];
	int id = bytes[0] >> 4;
	size_t len;

	if (id < 1 || id > WORKERS_MAX || next[id] >= r->sent[id])
		return 0;
	len = record_length(r, id, next[id]);
	record_make(r, id, next[id], should);
	if (len > room || memcmp(bytes, should, len))
		return 0;
	next[id]++;
	return len;
}

void records_complete(const struct round *r, const uint32_t *next)
{
	for (int id = 1; id <= WORKERS_MAX; id++)
		if (next[id] != r->sent[id])
			found("writer %d sent %u records, but %u are in the file", id, r->sent[id],
			      next[id]);
}

unsigned char *any_address(struct worker *w)
{
	return rng_one_in(&w->rng, 4) ? w->buffer : w->buffer + rng_between(&w->rng, 1, 100);
}

static int cut(struct worker *w, unsigned char *bytes, size_t len, struct iovec iov[2])
{
	size_t first = rng_between(&w->rng, 0, len);

	iov[0] = (struct iovec){ bytes, first };
	iov[1] = (struct iovec){ bytes + first, len - first };
	return 2;
}

ssize_t send_append(struct worker *w, unsigned char *bytes, size_t len)
{
	struct iovec iov[2];

	if (w->plain)
		return raw_pwrite(w->fd, bytes, len, 0);
	if (w->by_flag)
		return pwritev2(w->fd, iov, cut(w, bytes, len, iov),
				rng_one_in(&w->rng, 2) ? 0 : -1, RWF_APPEND);
	switch (rng_between(&w->rng, 0, 3)) {
	case 0: /* O_APPEND ignores the offset: pwrite(2), BUGS. */
		return pwrite(w->fd, bytes, len, (off_t)rng_between(&w->rng, 0, 1000));
	case 1:
		return writev(w->fd, iov, cut(w, bytes, len, iov));
	default:
		return write(w->fd, bytes, len);
	}
}

ssize_t send_at_offset(struct worker *w, unsigned char *bytes, size_t len)
{
	struct iovec iov[2];

	if (rng_one_in(&w->rng, 3))
		return writev(w->fd, iov, cut(w, bytes, len, iov));
	return write(w->fd, bytes, len);
}

void send_records(struct worker *w, ssize_t (*send)(struct worker *, unsigned char *, size_t))
{
	struct round *r = w->round;

	for (uint32_t seq = 0;; seq++) {
		size_t len = record_length(r, w->id, seq);
		unsigned char *bytes = any_address(w);
		ssize_t done;

		if (!round_allows(r, len))
			return;
		record_make(r, w->id, seq, bytes);
		done = send(w, bytes, len);
		if (done != (ssize_t)len)
			found("writer %d: record of %zu bytes: %zd (%s)", w->id, len, done,
			      done < 0 ? strerror(errno) : "short");
		atomic_fetch_add(&r->sent[w->id], 1);
	}
}
