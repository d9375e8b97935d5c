/*
 * Options and the main loop. See interleave.h, and usage() below.
 */
#include "interleave.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interleave_puppet.h"
#include "interleave_report.h"
#include "interleave_search.h"
#include "stress_util.h"

enum { SKIPPED = 77 };

struct options {
	const char *library; /* NULL: run with O_DIRECT and without the shim */
	const char *place;
	const char *replay;
	const char *points;
	char **names;
	int name_count;
	int bound;
	long limit;
	bool device;
	bool all_calls;
	bool brief;
	bool warm;
	bool traps; /* run only the scenarios with TRAP */
	bool no_doors;
};

static void usage(void)
{
	die("usage: interleave [OPTION...] PLACE [SCENARIO...]\n"
	    "       interleave [OPTION...] --replay SCHEDULE PLACE SCENARIO\n"
	    "       interleave --list\n"
	    "PLACE: an empty directory, or a block device (its contents are overwritten).\n"
	    "  --shim LIBRARY  the library under test (default: $DIOSHIM_LIB)\n"
	    "  --no-shim       run without a library\n"
	    "  --bound N       maximum number of preemptions, 0 to %d (default: 2)\n"
	    "  --limit N       maximum number of orders of each scenario\n"
	    "  --warm          let the shim help on each description before the first step\n"
	    "  --points FILE   also switch before these instructions: lines of objdump -d LIBRARY\n"
	    "  --all-calls     also switch before system calls that only concern their thread\n"
	    "  --brief         print the faults without the steps that lead to them\n"
	    "  --no-doors      leave out the scenarios of copies, streams, AIO and calls by "
	    "number\n"
	    "  --traps         run only the scenarios that test this tool",
	    BOUND_MAX);
}

/* --- One scenario --- */

static bool refuses_direct(const struct file *f, size_t len)
{
	ssize_t n = raw_pwrite(f->direct, f->bytes, len, 0);

	if (ftruncate(f->plain, 0) && !f->device)
		die("%s: %s", f->path, strerror(errno));
	return n != (ssize_t)len;
}

static void open_files(struct setting *s, const struct options *o, struct stage *stages[2])
{
	s->file_count = s->scenario->files;
	for (int i = 0; i < s->file_count; i++) {
		char *path = stages[0]->paths[i];
		size_t room = sizeof(stages[0]->paths[i]);
		bool device = o->device && i == 0;
		int len = device ? snprintf(path, room, "%s", o->place)
				 : snprintf(path, room, "%s/%c", o->place, 'A' + i);

		if (len >= (int)room)
			die("%s: too long", o->place);
		memcpy(stages[1]->paths[i], path, room);
		file_open(&s->files[i], path, s->scenario->sizes[i], device, FILE_LETTERS[i]);
	}
}

static void close_files(struct setting *s)
{
	for (int i = 0; i < s->file_count; i++)
		file_close(&s->files[i]);
}

static struct run *the_run(void)
{
	static struct run *r;

	if (!r)
		r = page_memory(sizeof(*r));
	return r;
}

/* With more preemptions than that, a scenario shows what is documented. */
static int bound_for(const struct scenario *scenario, int asked)
{
	int most = scenario->most_preemptions;

	return most && most < asked ? most : asked;
}

static void find_allowed(struct setting *s, struct report *report, struct server *ordinary)
{
	s->server = ordinary;
	s->direct = false;
	s->whole_calls = true;
	ordinary->stage->direct = false;
	search(the_run(), s, BOUND_MAX, LONG_MAX, report_allowed, report);
}

/* Returns whether every outcome was allowed and no check failed. */
static bool try_scenario(struct setting *s, const struct options *o, struct server *ordinary,
			 struct server *under_test)
{
	struct report report = { 0 };
	struct tally_of_orders tally;
	double begin = seconds_now();

	find_allowed(s, &report, ordinary);
	s->server = under_test;
	s->direct = true;
	s->whole_calls = false;
	under_test->stage->direct = true;
	tally = search(the_run(), s, bound_for(s->scenario, o->bound), o->limit, report_compare,
		       &report);
	printf("%s %s: %ld orders%s, %d outcomes (%d allowed), %ld wrong, %d faults",
	       report.wrong ? "not ok" : "ok", s->scenario->name, tally.orders,
	       tally.cut ? " (and more)" : "", report.seen.count, outcome_texts(&report.allowed),
	       report.wrong, report.fault_count);
	if (bound_for(s->scenario, o->bound) < o->bound)
		printf(", at most %d preemptions: a known limit", s->scenario->most_preemptions);
	if (tally.diverged)
		printf(", %ld not replayed", tally.diverged);
	printf("; %.1f steps, %.2f ms each\n", (double)tally.steps / (double)tally.orders,
	       (seconds_now() - begin) * 1e3 / (double)tally.orders);
	report_show(the_run(), s, &report, o->brief);
	fflush(stdout);
	report_free(&report);
	return !report.wrong;
}

static void replay(struct setting *s, const struct options *o, struct server *under_test)
{
	uint8_t choices[STEPS_MAX];
	int len = run_parse_schedule(o->replay, choices, STEPS_MAX);
	struct run *r = the_run();

	s->server = under_test;
	s->direct = true;
	under_test->stage->direct = true;
	run_play(r, s, choices, len);
	run_print(r);
	printf("%s", r->outcome);
	for (int i = 0; i < r->finding_count; i++)
		printf("  %s\n", r->findings[i]);
	if (r->diverged)
		printf("  (the order could not be replayed)\n");
}

/* --- All scenarios --- */

static bool wanted(const struct scenario *s, const struct options *o)
{
	if (!(s->flags & ON_DEVICE) == o->device || !(s->flags & TRAP) == o->traps)
		return false;
	if (s->flags & DOOR && o->no_doors)
		return false;
	for (int i = 0; i < o->name_count; i++)
		if (!strcmp(o->names[i], s->name))
			return true;
	return !o->name_count;
}

static bool known_name(const char *name)
{
	for (int i = 0; scenario_number(i); i++)
		if (!strcmp(scenario_number(i)->name, name))
			return true;
	return false;
}

static void list(void)
{
	const struct scenario *s;

	for (int i = 0; (s = scenario_number(i)); i++)
		printf("%-28s %s%s\n", s->name, s->hunts,
		       s->flags & ON_DEVICE ? " (block device)" : "");
}

/* Returns 1 if the scenario passed or was replayed, 0 if it failed. */
static int try_one(int number, const struct options *o, struct server *ordinary,
		   struct server *under_test)
{
	struct setting s = { .scenario = scenario_number(number),
			     .all_calls = o->all_calls,
			     .pages_known = file_pages_known() };
	struct stage *stages[2] = { ordinary->stage, under_test->stage };
	int good = -1;

	stages[0]->scenario = stages[1]->scenario = number;
	stages[0]->warm = stages[1]->warm = o->warm;
	open_files(&s, o, stages);
	s.strict = refuses_direct(&s.files[0], 1);
	if (o->replay) {
		replay(&s, o, under_test);
		good = 1;
	} else {
		good = try_scenario(&s, o, ordinary, under_test);
	}
	close_files(&s);
	return good;
}

static int try_all(const struct options *o)
{
	struct server *ordinary = server_start(NULL, NULL);
	struct server *under_test = server_start(o->library, o->points);
	int tried = 0;
	int bad = 0;

	if (!file_pages_known())
		printf("this kernel has no cachestat(2): P3 is not checked\n");
	for (int i = 0; scenario_number(i); i++) {
		int good = wanted(scenario_number(i), o) ? try_one(i, o, ordinary, under_test) : -1;

		tried += good >= 0;
		bad += good == 0;
	}
	server_stop(ordinary);
	server_stop(under_test);
	printf("%d scenarios, %d not ok\n", tried, bad);
	/* A run without a scenario must not count as passed. */
	if (!tried)
		return 2;
	return bad ? 1 : 0;
}

enum { OPT_LIST = 256, OPT_TRAPS, OPT_NO_SHIM, OPT_NO_DOORS };

static const struct option long_options[] = {
	{ "bound", required_argument, NULL, 'n' },
	{ "limit", required_argument, NULL, 'l' },
	{ "shim", required_argument, NULL, 's' },
	{ "no-shim", no_argument, NULL, OPT_NO_SHIM },
	{ "replay", required_argument, NULL, 'r' },
	{ "all-calls", no_argument, NULL, 'a' },
	{ "points", required_argument, NULL, 'p' },
	{ "brief", no_argument, NULL, 'b' },
	{ "warm", no_argument, NULL, 'w' },
	{ "traps", no_argument, NULL, OPT_TRAPS },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "no-doors", no_argument, NULL, OPT_NO_DOORS },
	{ 0 },
};

static void parse_option(struct options *o, int letter)
{
	switch (letter) {
	case 'n':
		o->bound = atoi(optarg);
		break;
	case 'l':
		o->limit = atol(optarg);
		break;
	case 's':
		o->library = optarg;
		break;
	case 'r':
		o->replay = optarg;
		break;
	case 'a':
		o->all_calls = true;
		break;
	case 'p':
		o->points = optarg;
		break;
	case 'b':
		o->brief = true;
		break;
	case 'w':
		o->warm = true;
		break;
	case OPT_TRAPS:
		o->traps = true;
		break;
	case OPT_NO_DOORS:
		o->no_doors = true;
		break;
	case OPT_NO_SHIM:
		o->library = NULL;
		break;
	case OPT_LIST:
		list();
		exit(0);
	default:
		usage();
	}
}

static struct options parse(int argc, char **argv)
{
	struct options o = { .library = getenv("DIOSHIM_LIB"), .bound = 2, .limit = LONG_MAX };
	struct stat st;
	int letter;

	while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		parse_option(&o, letter);
	if (optind >= argc || o.bound < 0 || o.bound > BOUND_MAX || o.limit < 1)
		usage();
	o.place = argv[optind];
	o.names = argv + optind + 1;
	o.name_count = argc - optind - 1;
	for (int i = 0; i < o.name_count; i++)
		if (!known_name(o.names[i]))
			die("unknown scenario %s", o.names[i]);
	if (o.replay && o.name_count != 1)
		usage();
	if (stat(o.place, &st))
		die("%s: %s", o.place, strerror(errno));
	o.device = S_ISBLK(st.st_mode);
	return o;
}

/* On one processor the stops cost less, and the runs are easier to reproduce. */
static void use_one_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((unsigned)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	struct options o;
	const char *why;

	if (argc == 2 && !strcmp(argv[1], "--puppet"))
		puppet_main();
	o = parse(argc, argv);
	use_one_processor();
	why = server_forbidden();
	if (why) {
		printf("ptrace is unavailable here: %s\n", why);
		return SKIPPED;
	}
	return try_all(&o);
}
