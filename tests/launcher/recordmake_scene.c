/* The scenes of recordmake: contents of a record. */
#include "recordmake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "record_fill.h"

static void nothing(struct record *rec)
{
	(void)rec;
}

/* Two files, an entry that is not ready, and calls on two files without an entry. */
static void mixed(struct record *rec)
{
	struct record_counts *read = &fill_file(rec, 5, 11, "/data/y", 512)->counts[RECORD_READ];
	struct record_file *x = fill_file(rec, 6, 12, "/data/x", 512);
	struct record_file *unready = fill_file(rec, 8, 12, "", 512);

	fill_ways(read, WAY_UNTOUCHED, 1000, 1000 << 20);
	fill_ways(read, WAY_BOUNCED, 3000, 12 << 20);
	read->misaligned[0] = 3000;
	read->copied = 12 << 20;
	read->copy_ns = 800000000;
	fill_ways(&x->counts[RECORD_WRITE], WAY_PARTIAL, 1204, 1204000);
	unready->state = RECORD_FREE;
	x->counts[RECORD_WRITE].misaligned[1] = 1204;
	x->counts[RECORD_WRITE].buffered = 590000;
	x->counts[RECORD_WRITE].tail[2].bytes = 100;
	x->counts[RECORD_WRITE].tail[2].calls = 1204;
	fill_ways(&x->counts[RECORD_WRITE], WAY_REFUSED, 12, 0);
	fill_file(rec, 9, 13, "/never/used", 512);
	fill_ways(&rec->other.counts[RECORD_WRITE], WAY_UNTOUCHED, 3, 3000);
	rec->other_file[1] = rec->other_file[1000] = 1;
	rec->lost_files = 3;
}

/* 30 files of which nothing is known but that O_DIRECT was refused, and one with calls; a process had liburing. */
static void refused(struct record *rec)
{
	for (unsigned i = 0; i < 30; i++)
		fill_file(rec, i, i + 1, "/refused", 512)->refused = 1;
	fill_ways(&fill_file(rec, 30, 31, "/data/x", 512)->counts[RECORD_READ], WAY_UNTOUCHED, 1,
		  512);
	rec->liburings = 1;
}

/* 10,000 files that differ only in what they cost, and 5 that have no entry. */
static void many(struct record *rec)
{
	char path[RECORD_PATH];

	for (unsigned i = 0; i < 10000; i++) {
		struct record_file *f;

		snprintf(path, sizeof(path),
			 "/data/a-directory-with-a-long-name/another-one/file-%05u", i);
		f = fill_file(rec, i, i + 1, path, 512);
		fill_ways(&f->counts[RECORD_WRITE], WAY_BOUNCED, 2, 8192);
		f->counts[RECORD_WRITE].misaligned[0] = 2;
		f->counts[RECORD_WRITE].copied = 8192;
		f->counts[RECORD_WRITE].copy_ns = 1000 + i * 7919 % 10000;
	}
	fill_ways(&rec->other.counts[RECORD_READ], WAY_UNTOUCHED, 7, 7000);
	for (unsigned i = 0; i < 5; i++)
		rec->other_file[i * 1000] = i + 1;
	rec->lost_files = 7;
}

/* All columns have something: too wide for 80 columns. */
static void full(struct record *rec)
{
	struct record_file *f =
		fill_file(rec, 0, 1, "/srv/database/table-space/segment.000001", 512);
	struct record_counts *c = &f->counts[RECORD_WRITE];

	for (int way = 0; way < RECORD_WAYS; way++)
		fill_ways(c, way, 1234567, way < WAY_REFUSED ? UINT64_C(4096) << 20 : 0);
	c->copied = c->buffered = 123 << 20;
	c->copy_ns = 1234567890;
}

/* Names that a terminal would obey, or that are not valid in JSON. */
static void names(struct record *rec)
{
	static const char *const paths[] = {
		"/q\"uo\\xe", "/new\nline\033[2J", "/\377\376", "/\303\251 <b>", "",
	};

	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct record_file *f = fill_file(rec, i, i + 1, paths[i], i % 2 ? 512 : 0);
		struct record_call call = fill_example();

		fill_ways(&f->counts[RECORD_WRITE], WAY_BOUNCED, 1, 1000 - i);
		f->counts[RECORD_WRITE].misaligned[0] = 1;
		call.file = i;
		fill_call(rec, &call);
	}
}

/* Calls of every kind with all results, for the trace; nothing is counted. */
static void calls(struct record *rec)
{
	static const int numbers[] = { SYS_read,    SYS_write,	  SYS_readv,  SYS_writev,
				       SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
				       SYS_preadv2, SYS_pwritev2, 9999 };
	static const int64_t results[] = { 1000, 0, -EINVAL, -EIO, -4000 };
	static const uint16_t refusals[] = { 0, EINVAL, UINT16_MAX };

	fill_file(rec, 0, 1, "/data/x", 512);
	fill_file(rec, 1, 2, "/a > b", 512);
	fill_file(rec, 2, 3, "", 512);
	for (uint32_t i = 0; i < 1000; i++) {
		int nr = numbers[i % 11];
		struct record_call call = fill_example();

		call.time_ns += i * INT64_C(86399999999);
		call.nr = nr;
		call.fd = (int32_t)(i % 7);
		call.file = i % 4 == 3 ? RECORD_FILES : i % 4;
		call.positional = nr == SYS_pread64 || nr == SYS_pwrite64 || nr == SYS_preadv ||
				  nr == SYS_pwritev || (nr >= SYS_preadv2 && nr < 9999 && i % 2);
		call.iovcnt = nr == SYS_readv || nr == SYS_writev || nr == SYS_preadv ||
					      nr == SYS_pwritev || nr == SYS_preadv2 ||
					      nr == SYS_pwritev2
				      ? 4
				      : 0;
		call.addr = UINT64_MAX >> i % 64;
		call.len = i * 1001;
		call.pos = i % 3 || call.positional ? i * INT64_C(4000000001) : -1;
		call.ret = results[i % 5];
		call.misaligned = i % 16;
		if (i % 17 == 0)
			call.misaligned = MISALIGNED_UNKNOWN;
		call.done = i % 256;
		call.refusal = refusals[i % 3];
		call.rwf = nr == SYS_preadv2 || nr == SYS_pwritev2 ? (int32_t)(i % 2048) : 0;
		call.copied = i * 3;
		call.buffered = i * 5;
		call.duration_ns = i * 4294967;
		fill_call(rec, &call);
	}
}

int make_scene(const char *name, struct record *rec)
{
	static const struct {
		const char *name;
		void (*make)(struct record *);
	} scenes[] = {
		{ "nothing", nothing }, { "mixed", mixed }, { "names", names },
		{ "calls", calls },	{ "many", many },   { "full", full },
		{ "refused", refused },
	};

	for (unsigned i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (!strcmp(scenes[i].name, name)) {
			scenes[i].make(rec);
			return 0;
		}
	}
	return 1;
}
