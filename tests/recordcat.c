/*
 * Prints a record file (common/record.h), one KEY=VALUE on each line, for the tests to compare.
 *
 *	recordcat FILE
 *	recordcat --size	prints the size of a record file
 *
 * A counter is printed as NAME.DIRECTION.COUNTER, where NAME is the last part of the file's path,
 * or "all" for the sum of all files. Counters that are 0 are
 * left out. The calls of the trace come in their order, each on one line: call=N nr=... The exit
 * status is 1 if FILE is not a record file, or incomplete.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "record.h"
#include "transfers.h"

static const char *const ways[] = { "untouched", "bounced", "partial", "refused", "failed" };
static const char *const directions[] = { "read", "write" };
static const char *const bits[] = { "address", "length", "offset" };

/* The counters of a record, as plain integers that can be added up. */
struct sums {
	uint64_t calls[RECORD_WAYS], bytes[RECORD_WAYS], copied, copy_ns, buffered;
	uint64_t misaligned[RECORD_MISALIGNED], not_direct, no_tail, other_tails;
	struct record_tail tail[RECORD_TAILS];
};

static void add(struct sums *s, const struct record_counts *c)
{
	for (int i = 0; i < RECORD_WAYS; i++) {
		s->calls[i] += c->calls[i];
		s->bytes[i] += c->bytes[i];
	}
	for (int i = 0; i < RECORD_MISALIGNED; i++)
		s->misaligned[i] += c->misaligned[i];
	s->copied += c->copied;
	s->copy_ns += c->copy_ns;
	s->buffered += c->buffered;
	s->not_direct += c->not_direct;
	s->no_tail += c->no_tail;
	s->other_tails += c->other_tails;
	/* Files may have different tails: adds those of the same length. */
	for (int i = 0, at = 0; i < RECORD_TAILS && c->tail[i].bytes; i++) {
		while (at < RECORD_TAILS && s->tail[at].bytes &&
		       s->tail[at].bytes != c->tail[i].bytes)
			at++;
		if (at == RECORD_TAILS)
			break;
		s->tail[at].bytes = c->tail[i].bytes;
		s->tail[at].calls += c->tail[i].calls;
	}
}

static void print(const char *name, const char *direction, const char *what, const char *more,
		  uint64_t value)
{
	if (value)
		printf("%s.%s.%s%s=%" PRIu64 "\n", name, direction, what, more, value);
}

static void print_sums(const char *name, const char *direction, const struct sums *s)
{
	char tail[32];

	for (int i = 0; i < RECORD_WAYS; i++) {
		print(name, direction, ways[i], "", s->calls[i]);
		print(name, direction, ways[i], ".bytes", s->bytes[i]);
	}
	for (int i = 0; i < RECORD_MISALIGNED; i++)
		print(name, direction, bits[i], "", s->misaligned[i]);
	print(name, direction, "copied", "", s->copied);
	print(name, direction, "copy_ns", "", s->copy_ns);
	print(name, direction, "buffered", "", s->buffered);
	print(name, direction, "not_direct", "", s->not_direct);
	print(name, direction, "no_tail", "", s->no_tail);
	print(name, direction, "other_tails", "", s->other_tails);
	for (int i = 0; i < RECORD_TAILS && s->tail[i].bytes; i++) {
		snprintf(tail, sizeof(tail), ".%" PRIu64, s->tail[i].bytes);
		print(name, direction, "tail", tail, s->tail[i].calls);
	}
}

static void print_file(const struct record_file *f, struct sums all[])
{
	const char *name = strrchr(f->path, '/') ? strrchr(f->path, '/') + 1 : f->path;

	printf("%s.path=%s\n%s.block_device=%" PRIu32 "\n%s.mem_align=%" PRIu32
	       "\n%s.offset_align=%" PRIu32 "\n%s.device=%" PRIu64 "\n%s.inode=%" PRIu64 "\n",
	       name, f->path, name, f->block_device, name, f->mem_align, name, f->offset_align,
	       name, f->device, name, f->inode);
	for (int d = 0; d < RECORD_DIRECTIONS; d++) {
		struct sums sums = { 0 };

		add(&sums, &f->counts[d]);
		add(&all[d], &f->counts[d]);
		print_sums(name, directions[d], &sums);
	}
}

static int others(const struct record *rec)
{
	int n = 0;

	for (int i = 0; i < RECORD_OTHERS; i++)
		n += rec->other_file[i] != 0;
	return n;
}

static void print_files(const struct record *rec)
{
	struct sums all[RECORD_DIRECTIONS] = { 0 };
	int ready = 0;

	for (uint64_t i = 0; i < rec->files; i++) {
		if (rec->file[i].state != RECORD_READY)
			continue;
		ready++;
		print_file(&rec->file[i], all);
	}
	for (int d = 0; d < RECORD_DIRECTIONS; d++) {
		add(&all[d], &rec->other.counts[d]);
		print_sums("all", directions[d], &all[d]);
	}
	printf("claimed=%d\nready=%d\nlost_files=%" PRIu64 "\nothers=%d\n", (int)rec->files - ready,
	       ready, rec->lost_files, others(rec));
}

static void print_calls(const struct record *rec)
{
	uint64_t first = rec->calls > RECORD_CALLS ? rec->calls - RECORD_CALLS : 0;

	printf("calls=%" PRIu64 "\n", rec->calls);
	for (uint64_t n = first; n < rec->calls; n++) {
		const struct record_call *c = &rec->call[n % RECORD_CALLS];
		const char *name = transfer_name(c->nr) ?: "unknown";

		if (c->ticket != n + 1) {
			printf("missing=%" PRIu64 "\n", n);
			continue;
		}
		printf("call=%" PRIu64 " nr=%s fd=%d iovcnt=%d len=%" PRIu64 " pos=%" PRId64
		       " ret=%" PRId64 " misaligned=%u done=%u refusal=%u positional=%u rwf=%d"
		       " copied=%" PRIu64 " buffered=%" PRIu64 " pid=%d tid=%d addr=%#" PRIx64
		       " duration=%u time=%" PRId64 " inode=%" PRIu64 "\n",
		       n, name, c->fd, c->iovcnt, c->len, c->pos, c->ret, c->misaligned, c->done,
		       c->refusal, c->positional, c->rwf, c->copied, c->buffered, c->pid, c->tid,
		       c->addr, c->duration_ns, c->time_ns,
		       c->file < RECORD_FILES ? rec->file[c->file].inode : 0);
	}
}

int main(int argc, char **argv)
{
	const struct record *rec;
	struct stat st;
	int fd;

	if (argc != 2)
		errx(99, "usage: recordcat FILE|--size");
	if (!strcmp(argv[1], "--size"))
		return printf("%zu\n", sizeof(*rec)) < 0;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", argv[1]);
	if (st.st_size != sizeof(*rec))
		errx(1, "%s: %jd bytes, not %zu", argv[1], (intmax_t)st.st_size, sizeof(*rec));
	rec = mmap(NULL, sizeof(*rec), PROT_READ, MAP_SHARED, fd, 0);
	if (rec == MAP_FAILED)
		err(99, "mmap");
	if (rec->magic != RECORD_MAGIC || rec->size != sizeof(*rec))
		errx(1, "%s: not a record file of this version", argv[1]);
	print_files(rec);
	print_calls(rec);
	return 0;
}
