/* Records, and the ledger of those that were written. See neighbours.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "neighbours.h"

static uint64_t key_of(int writer, uint32_t seq)
{
	return mix64(scene.seed * 1000003 + (uint64_t)writer * 100000007 + seq);
}

size_t record_length(int writer, uint32_t seq)
{
	struct rng rng = { key_of(writer, seq) };

	switch (rng_between(&rng, 0, 19)) {
	case 0 ... 9:
		return rng_between(&rng, 200, 4000);
	case 10 ... 16:
		return rng_between(&rng, 4000, 20000);
	case 17 ... 18: /* some records are aligned */
		return 4096 * rng_between(&rng, 1, 3);
	default:
		return rng_between(&rng, 20000, RECORD_LONGEST);
	}
}

void record_make(unsigned char *into, int writer, uint32_t seq, size_t len)
{
	uint64_t key = key_of(writer, seq);

	for (size_t i = 0; i < len; i += 8) {
		uint64_t word = mix64(key + i) | 0x0101010101010101;

		memcpy(into + i, &word, len - i < 8 ? len - i : 8);
	}
}

void ledger_add(struct ledger *l, int writer, size_t count)
{
	l->counts[writer][l->sent[writer]] = (uint32_t)count;
	atomic_fetch_add(&l->bytes, count);
	atomic_fetch_add(&l->sent[writer], 1);
}

bool ledger_open(struct ledger *l, int writer, double deadline)
{
	enum { ROOM = 12 << 20 };

	return l->sent[writer] < RECORDS_MAX && l->bytes < ROOM && seconds_now() < deadline;
}

void write_records(const struct record_writer *w)
{
	unsigned char *bytes = page_memory(RECORD_LONGEST + 8192);

	while (ledger_open(w->ledger, w->id, w->deadline)) {
		uint32_t seq = w->ledger->sent[w->id];
		size_t len = record_length(w->id, seq);
		ssize_t done;

		record_make(bytes + seq % 2, w->id, seq, len);
		do
			done = put_bytes(w->fd, bytes + seq % 2, len, -1);
		while (w->retries && w->retries(done));
		checked(done == (ssize_t)len, "%s: a record of %zu bytes: %zd (%s)", w->what, len,
			done, strerror(errno));
		ledger_add(w->ledger, w->id, done > 0 ? (size_t)done : 0);
	}
	page_memory_free(bytes, RECORD_LONGEST + 8192);
}

static bool matches(const struct ledger *l, const unsigned char *bytes, size_t room, int writer,
		    uint32_t seq)
{
	unsigned char should[RECORD_LONGEST + 8];
	size_t count = l->counts[writer][seq];
	size_t first = count < 16 ? count : 16;

	if (!count || count > room)
		return false;
	record_make(should, writer, seq, first);
	if (memcmp(bytes, should, first))
		return false;
	record_make(should, writer, seq, count);
	return !memcmp(bytes, should, count);
}

/*
 * Returns the length of the record that begins here, or 0 if none does. Up to MISSING_MOST records
 * of the same writer may be missing before it.
 */
static size_t record_at(const struct ledger *l, struct findings *f, const unsigned char *bytes,
			size_t room)
{
	enum { MISSING_MOST = 8 };

	for (int writer = 0; writer < RECORD_WRITERS; writer++) {
		uint32_t next = f->next[writer];
		uint32_t end = l->sent[writer];

		if (end > next + MISSING_MOST)
			end = next + MISSING_MOST;
		for (uint32_t seq = next; seq < end; seq++) {
			if (!matches(l, bytes, room, writer, seq))
				continue;
			f->next[writer] = seq + 1;
			f->found++;
			return l->counts[writer][seq];
		}
	}
	return 0;
}

static size_t zeros_at(const unsigned char *bytes, size_t room)
{
	size_t n = 0;

	while (n < room && !bytes[n])
		n++;
	return n;
}

void check_records(const struct ledger *l, struct findings *f, const char *path, bool gaps)
{
	size_t size;
	unsigned char *bytes = file_bytes(path, &size);
	size_t bad = 0;
	size_t where = 0;

	for (size_t pos = 0; pos < size;) {
		size_t len = record_at(l, f, bytes + pos, size - pos);

		if (!len && gaps)
			len = zeros_at(bytes + pos, size - pos);
		if (!len) {
			if (!bad++)
				where = pos;
			len = 1;
		}
		pos += len;
	}
	checked(!bad, "%s: %zu of %zu bytes are not part of a whole record, the first is byte %zu",
		path, bad, size, where);
	page_memory_free(bytes, size + 8192);
}

void check_all_found(const struct ledger *l, const struct findings *f)
{
	uint64_t sent = 0;

	for (int writer = 0; writer < RECORD_WRITERS; writer++)
		for (uint32_t seq = 0; seq < l->sent[writer]; seq++)
			sent += l->counts[writer][seq] != 0;
	checked(sent == f->found, "%llu records were written, but %llu were found whole",
		(unsigned long long)sent, (unsigned long long)f->found);
}
