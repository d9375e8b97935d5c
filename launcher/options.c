/*
 * See options.h.
 *
 * Every mistake is answered by one line that says what was wrong and what would have been right:
 * getopt's own messages, and a usage text after them, say less in more lines.
 */
#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "print/message.h"
#include "settings.h"
#include "values.h"

/* An option, and the modes in which it means something. */
enum {
	RUN = 1 << MODE_RUN,
	CHECK = 1 << MODE_CHECK,
	PROBE = 1 << MODE_PROBE,
	REPORT = 1 << MODE_REPORT,
};

static const struct option long_options[] = {
	{ "stats", optional_argument, NULL, 's' },
	{ "trace", optional_argument, NULL, 't' },
	{ "output", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "bounce-max", required_argument, NULL, 'b' },
	{ "disable", required_argument, NULL, 'x' },
	{ "strict", no_argument, NULL, 'e' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "check", no_argument, NULL, 'c' },
	{ "probe", no_argument, NULL, 'p' },
	{ "try", no_argument, NULL, 'w' },
	{ "report", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char short_options[] = "+:s::t::o:jb:x:eqcpwr:hV";

static const unsigned char modes_of[] = {
	['s'] = RUN, ['t'] = RUN, ['o'] = RUN, ['b'] = RUN, ['x'] = RUN, ['e'] = RUN, ['q'] = RUN,
	['j'] = RUN | CHECK | PROBE | REPORT,
	['c'] = CHECK, ['p'] = PROBE, ['w'] = PROBE, ['r'] = REPORT,
};

/* What each mode is called, and what goes with it. */
static const char *const mode_name[] = { "a COMMAND to run", "--check", "--probe", "--report" };
static const char *const mode_takes[] = {
	[MODE_CHECK] = "goes with --json only",
	[MODE_PROBE] = "goes with --try and --json only",
	[MODE_REPORT] = "goes with --json only",
};

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_list(format, args);
	va_end(args);
	return false;
}

static const char *name_of(int letter)
{
	for (const struct option *at = long_options; at->name; at++) {
		if (at->val == letter)
			return at->name;
	}
	return NULL;
}

/* All long options that begin like `text`, as one string of at most `size` bytes. How many. */
static int options_like(const char *text, size_t length, char *list, size_t size)
{
	int count = 0;

	*list = 0;
	for (const struct option *at = long_options; at->name; at++) {
		size_t used = strlen(list);

		if (strncmp(at->name, text, length) != 0)
			continue;
		snprintf(list + used, size - used, " --%s", at->name);
		count++;
	}
	return count;
}

/* getopt says '?' to what it does not know, to half a name, and to a value that is not wanted. */
static bool not_an_option(const char *word)
{
	int length = (int)strcspn(word, "=");
	char list[256];

	if (optopt && name_of(optopt))
		return wrong("--%s: takes no value", name_of(optopt));
	if (!optopt && options_like(word + 2, (size_t)length - 2, list, sizeof(list)) > 1)
		return wrong("%.*s: say which is meant:%s", length, word, list);
	options_like("", 0, list, sizeof(list));
	if (!optopt)
		return wrong("%.*s: no such option; there are%s", length, word, list);
	if (!isprint(optopt))
		return wrong("-\\%03o: no such option; there are%s", (unsigned)optopt & 0xff, list);
	return wrong("-%c: no such option; there are%s", optopt, list);
}

static bool value_missing(int letter)
{
	const char *what = letter == 'b' ? "SIZE, a size " BOUNCE_MAX_RANGE_TEXT :
			   letter == 'x' ? "LIST, some of " OPTIMISATION_WORDS_TEXT : "FILE, the name of a file";

	return wrong("--%s: needs a %s", name_of(letter), what);
}

static bool take_file(int letter, const char **file)
{
	*file = optarg;
	return *optarg || wrong("--%s=: needs a FILE, the name of a file", name_of(letter));
}

static bool take_stats(struct options *o)
{
	o->stats = true;
	o->seconds = 0;
	return !optarg || value_seconds(optarg, &o->seconds) ||
	       wrong("--stats=%s: not a number of seconds from 1 to %d (or --stats alone)", optarg,
		     SECONDS_MAX);
}

static bool take_trace(struct options *o)
{
	o->trace = true;
	o->trace_file = NULL;
	return !optarg || take_file('t', &o->trace_file);
}

static bool take_bounce_max(struct options *o)
{
	o->bounce_max = optarg;
	return value_is_size(optarg) ||
	       wrong("--bounce-max=%s: not a size " BOUNCE_MAX_RANGE_TEXT " (bytes, or with K or M)", optarg);
}

static bool take_disable(struct options *o)
{
	o->disable = optarg;
	return value_is_disable(optarg) ||
	       wrong("--disable=%s: not a list of some of " OPTIMISATION_WORDS_TEXT " (separated by commas)",
		     optarg);
}

static bool take(int letter, struct options *o)
{
	switch (letter) {
	case 's':
		return take_stats(o);
	case 't':
		return take_trace(o);
	case 'o':
		return take_file('o', &o->output);
	case 'b':
		return take_bounce_max(o);
	case 'x':
		return take_disable(o);
	case 'r':
		return take_file('r', &o->report);
	case 'j':
		return o->json = true;
	case 'w':
		return o->try = true;
	case 'e':
		return o->strict = true;
	case 'q':
		return o->quiet = true;
	default: /* --check, --probe: what was given is all that they say */
		return true;
	}
}

static enum mode mode_given(const bool *given)
{
	return given['c'] ? MODE_CHECK : given['p'] ? MODE_PROBE : given['r'] ? MODE_REPORT : MODE_RUN;
}

/* Options that say nothing, or two things, in company. */
static bool agree(const struct options *o, const bool *given)
{
	for (const struct option *at = long_options; at->name; at++) {
		if (!given[at->val] || modes_of[at->val] & 1 << o->mode)
			continue;
		if (o->mode == MODE_RUN)
			return wrong("--%s: goes with --probe only", at->name);
		return wrong("--%s: not with %s, which %s", at->name, mode_name[o->mode],
			     mode_takes[o->mode]);
	}
	if (o->mode != MODE_RUN)
		return true;
	if (o->output && !o->stats)
		return wrong("--output: goes with --stats only (--trace=FILE names its own)");
	if (o->json && !o->stats && !o->trace)
		return wrong("--json: goes with --stats, --trace, --check, --probe or --report only");
	return true;
}

static bool enough_operands(const struct options *o)
{
	if (o->mode == MODE_REPORT)
		return !o->operand_count ||
		       wrong("%s: not with --report, which takes one FILE and no COMMAND",
			     o->operands[0]);
	if (o->operand_count)
		return true;
	if (o->mode == MODE_PROBE)
		return wrong("--probe: needs a PATH, of a file, a directory or a block device");
	if (o->mode == MODE_CHECK)
		return wrong("--check: needs a COMMAND to look at");
	return wrong("no COMMAND: name one to run (or use --check, --probe, --report or --help)");
}

bool options_parse(int argc, char **argv, struct options *o)
{
	bool given[128] = { false };
	int letter;

	*o = (struct options){ .mode = MODE_RUN };
	opterr = 0;
	while ((letter = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (letter == '?')
			return not_an_option(argv[optind - 1]);
		if (letter == ':')
			return value_missing(optopt);
		if (letter == 'h' || letter == 'V') {
			o->mode = letter == 'h' ? MODE_HELP : MODE_VERSION;
			return true;
		}
		given[letter] = true;
		if (!take(letter, o))
			return false;
	}
	o->mode = mode_given(given);
	o->operands = argv + optind;
	o->operand_count = argc - optind;
	return agree(o, given) && enough_operands(o);
}
