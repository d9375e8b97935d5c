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
	long moved, short_count, failed, nothing;
} tally[OPS];

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
		o->ret < 0 ? error_name(o->err) : "-", (long long)o->size,
		(long long)o->offset, (unsigned)o->flags);
	if (o->signals)
		fprintf(to, " SIGXFSZ=%u", o->signals);
}

void count_outcome(const struct call *c, const struct outcome *o)
{
	if (o->ret < 0)
		tally[c->op].failed++;
	else if (!is_transfer(c) || (size_t)o->ret == asked_bytes(c))
		tally[c->op].moved++;
	else if (o->ret == 0)
		tally[c->op].nothing++;
	else
		tally[c->op].short_count++;
}

void print_tally(void)
{
	printf("%-18s %8s %8s %8s %8s\n", "", "all", "short", "none", "failed");
	for (int op = 0; op < OPS; op++)
		printf("%-18s %8ld %8ld %8ld %8ld\n", op_names[op], tally[op].moved,
		       tally[op].short_count, tally[op].nothing, tally[op].failed);
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
