/* The output of the differential test, with all that is needed to reproduce a call. */
#include "differential.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char *const op_names[OPS] = {
	"read",
	"pread",
	"readv",
	"preadv",
	"preadv2",
	"write",
	"pwrite",
	"writev",
	"pwritev",
	"pwritev2",
	"io_submit PREAD",
	"io_submit PREADV",
	"io_submit PWRITE",
	"io_submit PWRITEV",
	"aio_read",
	"aio_write",
	"lio_listio reads",
	"lio_listio writes",
	"dprintf",
	"stream",
	"sendfile from",
	"sendfile to",
	"copy_file_range from",
	"copy_file_range to",
	"copy_file_range in",
	"splice from",
	"splice to",
	"lseek",
	"ftruncate",
	"reopen",
	"dup",
	"F_SETFL",
	"fallocate",
	"bystander's write",
};

/* Counts of results by operation, which show whether a run has covered all cases. */
static struct {
	long moved, short_count, failed, nothing, misaligned;
} tally[OPS];
static long numbered; /* misaligned calls by number that have moved data */

static void print_pieces(FILE *to, const struct call *c)
{
	static const char *const names[] = { "", "NULL", "KERNEL" };

	for (int i = 0; i < c->count && i < 8; i++) {
		const struct piece *p = &c->pieces[i];

		fprintf(to, " %s", names[p->place]);
		if (p->place == PLACE_ARENA)
			fprintf(to, "%s+%#zx", p->at >= ARENA ? "hole" : "",
				p->at >= ARENA ? p->at - ARENA : p->at);
		fprintf(to, ":%zu%s", p->len,
			p->at < ARENA && p->len > ARENA - p->at ? "(into the hole)" : "");
	}
	if (c->count > 8)
		fprintf(to, " ...");
}

void print_call(FILE *to, const struct call *c, const struct scene *s)
{
	fprintf(to, "seed=%llu call=%ld %s door=%u slot=%u pos=%lld flags=%#x",
		(unsigned long long)s->seed, s->number, op_names[c->op], c->door, c->slot,
		(long long)c->pos, (unsigned)c->flags);
	if (c->op == OP_DUP)
		fprintf(to, " of=%u", c->other_slot);
	if (is_vectored(c))
		fprintf(to, " count=%d%s", c->count, c->no_vector ? " bad-vector" : "");
	if (c->limited)
		fprintf(to, " RLIMIT_FSIZE=%llu", (unsigned long long)c->limit);
	if (is_copy(c)) {
		fprintf(to, " other=%lld%s%s asked=%zu", (long long)c->other_pos,
			c->other_direct ? " direct" : "", c->implied ? " at the offsets" : "",
			asked_bytes(c));
		return;
	}
	if (c->count > 0)
		fprintf(to, " asked=%zu buffers:", asked_bytes(c));
	print_pieces(to, c);
}

static const char *error_name(int err)
{
#ifdef __GLIBC__
	return strerrorname_np(err);
#else
	return strerror(err);
#endif
}

void print_outcome(FILE *to, const char *name, const struct outcome *o)
{
	fprintf(to, " | %s: ret=%ld %s size=%lld offset=%lld flags=%#o", name, o->ret,
		o->ret < 0 ? error_name(o->err) : "-", (long long)o->size, (long long)o->offset,
		(unsigned)o->flags);
	if (o->signals)
		fprintf(to, " SIGXFSZ=%u", o->signals);
}

/* 512 suits most devices; the calls that need more count as aligned. */
static bool misaligned(const struct call *c)
{
	uint64_t sum = 0;

	if (c->op == OP_STREAM)
		return true;
	if (!c->implied && (is_copy(c) || is_positional(c)))
		sum |= (uint64_t)c->pos | (uint64_t)(is_copy(c) ? c->other_pos : 0);
	for (int i = 0; i < c->count && i < MOST_PIECES; i++)
		sum |= c->pieces[i].len | (is_copy(c) ? 0 : c->pieces[i].at);
	return sum % 512;
}

static void count_misaligned(const struct call *c, const struct outcome *o, bool direct)
{
	if (!direct || o->ret <= 0 || !misaligned(c))
		return;
	tally[c->op].misaligned++;
	numbered += is_by_number(c);
}

void count_outcome(const struct call *c, const struct outcome *o, bool direct)
{
	count_misaligned(c, o, direct);
	if (o->ret < 0)
		tally[c->op].failed++;
	else if ((!is_transfer(c) && !is_copy(c)) || (size_t)o->ret == asked_bytes(c))
		tally[c->op].moved++;
	else if (o->ret == 0)
		tally[c->op].nothing++;
	else
		tally[c->op].short_count++;
}

void print_tally(void)
{
	printf("%-20s %8s %8s %8s %8s %10s\n", "", "all", "short", "none", "failed", "misaligned");
	for (int op = 0; op < OPS; op++)
		printf("%-20s %8ld %8ld %8ld %8ld %10ld\n", op_names[op], tally[op].moved,
		       tally[op].short_count, tally[op].nothing, tally[op].failed,
		       tally[op].misaligned);
	printf("%-20s %8s %8s %8s %8s %10ld\n", "of these by number", "", "", "", "", numbered);
}

/* Between block devices the kernel does not copy ranges. */
static bool possible(const struct scene *s, int op)
{
	bool range = op == OP_RANGE_FROM || op == OP_RANGE_TO || op == OP_RANGE_WITHIN;

	return (op_is[op] || (op == OP_STREAM && STREAMS_ARE_COVERED)) &&
	       !(range && s->block_device);
}

bool all_were_misaligned(const struct scene *s)
{
	bool all = numbered;

	if (!numbered)
		printf("no misaligned call by number has moved data\n");
	for (int op = 0; op < OPS; op++) {
		if (!possible(s, op) || tally[op].misaligned)
			continue;
		printf("no misaligned call has moved data: %s\n", op_names[op]);
		all = false;
	}
	return all;
}

void print_mismatch(const struct call *c, const struct scene *s, const struct outcome *o,
		    const char *what, off_t differs)
{
	printf("MISMATCH in %s", what);
	if (differs >= 0)
		printf(" at byte %lld", (long long)differs);
	printf(": ");
	print_call(stdout, c, s);
	print_outcome(stdout, "ordinary", &o[ORDINARY]);
	print_outcome(stdout, "direct", &o[DIRECT]);
	printf("\n");
	fflush(stdout);
}
