/* Options and main loop of the differential test. See differential.h. */
#include "differential.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"

struct options {
	long calls;
	long seconds; /* time limit, after at least FEWEST_CALLS calls; 0: none */
	uint64_t seed;
	unsigned every; /* compare the whole files after so many calls on average */
	long trace;	/* print the calls from this number on; 0: none */
	long report;	/* stop after so many mismatches */
	bool expect_mismatch;
};

#define FEWEST_CALLS 2000

static struct scene scene;
static struct call call;

static volatile sig_atomic_t file_size_signals;

static void count_signal(int number)
{
	(void)number;
	file_size_signals++;
}

/* Prints the call that crashed, so that it can be reproduced. */
static void report_crash(int number)
{
	fprintf(stdout, "CRASH: signal %d in ", number);
	print_call(stdout, &call, &scene);
	fprintf(stdout, "\n");
	fflush(stdout);
	_exit(1);
}

static void set_limit(const struct call *c, bool on)
{
	struct rlimit limit = { .rlim_cur = on && c->limited ? c->limit : RLIM_INFINITY,
				.rlim_max = RLIM_INFINITY };

	if (c->limited && setrlimit(RLIMIT_FSIZE, &limit))
		err(2, "RLIMIT_FSIZE");
}

static struct outcome make_call(const struct call *c, struct scene *s, enum which which)
{
	struct outcome o;
	unsigned signals = file_size_signals;
	long ret;
	int error;

	set_limit(c, true);
	ret = is_transfer(c)	   ? make_transfer(c, s, which)
	      : is_copy(c)	   ? make_copy(c, s, which)
	      : c->op == OP_STREAM ? make_stream(c, s, which)
				   : make_change(c, s, which);
	error = errno;
	set_limit(c, false);
	if (c->op == OP_DUP || c->op == OP_REOPEN)
		ret = ret < 0 ? -1 : 0;
	o = observe(s, which, c->slot);
	o.ret = ret;
	o.err = error;
	o.signals = file_size_signals - signals;
	return o;
}

/* Compares errno after a success, too: the call must leave it alone (P7), so that it is still 0. */
static const char *difference(const struct call *c, const struct outcome *want,
			      const struct outcome *got, int flags_before)
{
	if (got->ret != want->ret)
		return "return value";
	if (got->err != want->err)
		return got->ret < 0 ? "errno" : "errno after a success";
	if (got->size != want->size)
		return "file size";
	if (got->offset != want->offset)
		return "file offset";
	if (got->signals != want->signals)
		return "SIGXFSZ";
	if ((got->flags & ~O_DIRECT) != want->flags)
		return "F_GETFL";
	if ((is_transfer(c) || is_copy(c)) && got->flags != flags_before)
		return "O_DIRECT, which changed";
	/* fdopen(3) may set O_APPEND. */
	if (c->op == OP_STREAM && (got->flags ^ flags_before) & O_DIRECT)
		return "O_DIRECT, which changed";
	return NULL;
}

/* Compares the range of a transfer, truncation or allocation, with a margin. */
static bool same_around(const struct call *c, const struct scene *s, off_t start, off_t *differs)
{
	off_t at = is_positional(c) || !is_transfer(c) ? c->pos : start;
	size_t asked = asked_bytes(c);
	off_t len = asked < LARGE_FILE ? (off_t)asked : LARGE_FILE;
	off_t size = s->block_device ? s->device_size : observe(s, ORDINARY, 0).size;
	off_t from = at < 8192 ? 0 : at - 8192;
	off_t to = from > LLONG_MAX - len - 16384 ? LLONG_MAX : from + len + 16384;
	off_t tail = size - len - 16384 < 0 ? 0 : size - len - 16384;

	/* An append may have written at the end. */
	return same_range(s, from, to, differs) && same_range(s, tail, size, differs);
}

static const char *content_difference(const struct call *c, const struct scene *s, off_t start,
				      struct random *checks, unsigned every, off_t *differs)
{
	bool all = one_in(checks, every);

	if (is_read(c) && !all)
		return NULL;
	if (one_in(checks, 8))
		drop_cached(s);
	if (observe(s, ORDINARY, 0).size > 2 * LARGE_FILE)
		all = false; /* sparse, and truncated after this call */
	if (all && !same_offsets(s))
		return "another descriptor's file offset";
	if (all ? !same_contents(s, one_in(checks, 16), differs)
		: one_in(checks, 2) && !same_around(c, s, start, differs))
		return "file contents";
	return NULL;
}

/* Truncates both files if they have become large. */
static void cut_down(struct scene *s, struct random *r)
{
	off_t size = below(r, 1 << 20);

	if (s->block_device || observe(s, ORDINARY, 0).size <= LARGE_FILE)
		return;
	for (enum which which = 0; which < SIDES; which++)
		if (ftruncate(s->side[which].witness, size))
			err(2, "ftruncate");
}

static bool one_call(struct scene *s, struct random *calls, struct random *checks,
		     const struct options *opt)
{
	struct outcome before[SIDES], o[SIDES];
	const char *what;
	off_t differs = -1;

	choose_call(&call, s, calls);
	fill_arenas(&call, s);
	for (enum which which = 0; which < SIDES; which++)
		before[which] = observe(s, which, call.slot);
	if (opt->trace && s->number >= opt->trace) {
		print_call(stdout, &call, s);
		print_outcome(stdout, "before", &before[DIRECT]);
		printf("\n");
		fflush(stdout);
	}
	for (enum which which = 0; which < SIDES; which++)
		o[which] = make_call(&call, s, which);
	what = difference(&call, &o[ORDINARY], &o[DIRECT], before[DIRECT].flags);
	if (!what && call.op == OP_STREAM)
		what = stream_difference();
	if (!what && is_copy(&call))
		what = copy_difference(s);
	if (!what && is_transfer(&call)) {
		if (is_read(&call))
			forgive_unread(&call, s, o[ORDINARY].ret);
		if (!same_memory(&call, s))
			what = is_read(&call) ? "the bytes read, or memory around the buffers"
					      : "the memory written from";
	}
	if (!what)
		what = content_difference(&call, s, before[ORDINARY].offset, checks, opt->every,
					  &differs);
	if (what)
		print_mismatch(&call, s, o, what, differs);
	count_outcome(&call, &o[ORDINARY], before[DIRECT].flags & O_DIRECT);
	cut_down(s, calls);
	return !what;
}

static bool compare_at_the_end(const struct scene *s)
{
	off_t differs;

	for (enum which which = 0; which < SIDES; which++)
		if (fsync(s->side[which].witness))
			err(2, "fsync");
	drop_cached(s);
	if (same_contents(s, true, &differs))
		return true;
	printf("MISMATCH in file contents at byte %lld: seed=%llu at the end\n", (long long)differs,
	       (unsigned long long)s->seed);
	return false;
}

static bool time_is_up(const struct options *opt, time_t start)
{
	return opt->seconds && time(NULL) - start >= opt->seconds;
}

static bool compare_all(struct scene *s, const struct options *opt)
{
	struct random calls = { opt->seed };
	struct random checks = { ~opt->seed };
	time_t start = time(NULL);
	long mismatches = 0;

	for (s->number = 1; s->number <= opt->calls; s->number++) {
		if (s->number > FEWEST_CALLS && time_is_up(opt, start))
			break;
		if (one_call(s, &calls, &checks, opt))
			continue;
		if (++mismatches >= opt->report)
			return false;
		make_alike(s);
	}
	if (s->number > FEWEST_CALLS && !all_were_misaligned(s))
		return false;
	return compare_at_the_end(s) && !mismatches;
}

static void handle_signals(void)
{
	signal(SIGXFSZ, count_signal);
	signal(SIGSEGV, report_crash);
	signal(SIGBUS, report_crash);
	signal(SIGABRT, report_crash);
}

static const char usage[] =
	"usage: differential [--calls N] [--seconds N] [--seed N] [--check-every N]\n"
	"                    [--trace FROM] [--report N] [--block-device] [--refused]\n"
	"                    [--expect-mismatch]\n"
	"                    --direct PATH --ordinary PATH\n";

static uint64_t number_of(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (*end || !*text)
		errx(2, "not a number: %s", text);
	return n;
}

static struct options parse(int argc, char **argv)
{
	static const struct option names[] = {
		{ "calls", 1, NULL, 'n' },
		{ "seconds", 1, NULL, 'l' },
		{ "seed", 1, NULL, 's' },
		{ "check-every", 1, NULL, 'e' },
		{ "trace", 1, NULL, 't' },
		{ "report", 1, NULL, 'r' },
		{ "direct", 1, NULL, 'd' },
		{ "ordinary", 1, NULL, 'o' },
		{ "block-device", 0, NULL, 'b' },
		{ "refused", 0, NULL, 'f' },
		{ "expect-mismatch", 0, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	struct options opt = { .calls = 10000, .seed = 1, .every = 64, .report = 1 };
	int name;

	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (name) {
		case 'n':
			opt.calls = number_of(optarg);
			break;
		case 'l':
			opt.seconds = number_of(optarg);
			break;
		case 's':
			opt.seed = number_of(optarg);
			break;
		case 'e':
			opt.every = number_of(optarg);
			break;
		case 't':
			opt.trace = number_of(optarg);
			break;
		case 'r':
			opt.report = number_of(optarg);
			break;
		case 'd':
			scene.side[DIRECT].path = optarg;
			break;
		case 'f':
			scene.refused = true;
			break;
		case 'o':
			scene.side[ORDINARY].path = optarg;
			break;
		case 'b':
			scene.block_device = true;
			break;
		case 'x':
			opt.expect_mismatch = true;
			break;
		default:
			errx(2, "%s", usage);
		}
	}
	if (optind != argc || !scene.side[DIRECT].path || !scene.side[ORDINARY].path || !opt.every)
		errx(2, "%s", usage);
	return opt;
}

static bool is_fuse(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == FUSE_SUPER_MAGIC;
}

int main(int argc, char **argv)
{
	struct options opt = parse(argc, argv);
	bool same;

	handle_signals();
	scene.seed = opt.seed;
	scene.emulated = raw_syscall(SYS_preadv2, -1, NULL, 0L, 0L, 0L, 0L) == -1 &&
			 errno == ENOSYS;
	scene.side[ORDINARY].arena = make_arena();
	scene.side[DIRECT].arena = make_arena();
	open_everything(&scene);
	scene.no_aio = is_fuse(scene.side[DIRECT].fd[0]);
	same = compare_all(&scene, &opt);
	if (same)
		printf("%ld calls without a difference, seed=%llu\n", scene.number - 1,
		       (unsigned long long)opt.seed);
	print_tally();
	return same == opt.expect_mismatch;
}
