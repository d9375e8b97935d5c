/*
 * See options.h.
 *
 * Every error is one line that names the mistake and the accepted forms. getopt's own messages and
 * a usage text after them would be longer and less specific.
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

/* Bits for the modes in which an option is accepted. */
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
	{ "refused", required_argument, NULL, 'f' },
	{ "strict", no_argument, NULL, 'e' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "no-io-uring", no_argument, NULL, 'u' },
	{ "check", no_argument, NULL, 'c' },
	{ "probe", no_argument, NULL, 'p' },
	{ "try", no_argument, NULL, 'w' },
	{ "report", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char short_options[] = "+:s::t::o:jb:x:f:equcpwr:hV";

static const unsigned char modes_of[] = {
	['s'] = RUN,   ['t'] = RUN,    ['o'] = RUN,
	['b'] = RUN,   ['x'] = RUN,    ['e'] = RUN,
	['q'] = RUN,   ['u'] = RUN,    ['j'] = RUN | CHECK | PROBE | REPORT,
	['f'] = RUN,   ['c'] = CHECK,  ['p'] = PROBE,
	['w'] = PROBE, ['r'] = REPORT,
};

/* The modes' names in messages, and the other options that each accepts. */
static const char *const mode_name[] = { "a COMMAND to run", "--check", "--probe", "--report" };
static const char *const mode_accepts[] = {
	[MODE_CHECK] = "accepts only --json",
	[MODE_PROBE] = "accepts only --try and --json",
	[MODE_REPORT] = "accepts only --json",
};

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_list(format, args);
	va_end(args);
	return false;
}

static const char *long_name(int letter)
{
	for (const struct option *at = long_options; at->name; at++) {
		if (at->val == letter)
			return at->name;
	}
	return NULL;
}

/*
 * Writes " --NAME" for each long option that begins with `text` to `list`. Returns how many there
 * are.
 */
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

/*
 * getopt returns '?' for an unknown option, an ambiguous one, and a value where none is accepted.
 */
static bool not_an_option(const char *word)
{
	int length = (int)strcspn(word, "=");
	char list[256];

	if (optopt && long_name(optopt))
		return wrong("--%s: takes no value", long_name(optopt));
	if (!optopt && options_like(word + 2, (size_t)length - 2, list, sizeof(list)) > 1)
		return wrong("%.*s: ambiguous option; could be:%s", length, word, list);
	options_like("", 0, list, sizeof(list));
	if (!optopt)
		return wrong("%.*s: unknown option; valid options:%s", length, word, list);
	if (!isprint(optopt))
		return wrong("-\\%03o: unknown option; valid options:%s", (unsigned)optopt & 0xff,
			     list);
	return wrong("-%c: unknown option; valid options:%s", optopt, list);
}

static bool value_missing(int letter)
{
	const char *what = letter == 'b'   ? "SIZE " BOUNCE_MAX_RANGE_TEXT
			   : letter == 'x' ? "LIST of " OPTIMISATION_WORDS_TEXT
			   : letter == 'f' ? "WORD, one of " REFUSED_WORDS_TEXT
					   : "FILE name";

	return wrong("--%s: requires a %s", long_name(letter), what);
}

static bool take_file(int letter, const char **file)
{
	*file = optarg;
	return *optarg || wrong("--%s=: requires a FILE name", long_name(letter));
}

static bool take_stats(struct options *o)
{
	o->stats = true;
	o->seconds = 0;
	return !optarg || value_seconds(optarg, &o->seconds) ||
	       wrong("--stats=%s: not a whole number of seconds from 1 to %d", optarg, SECONDS_MAX);
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
	return value_is_size(optarg) || wrong("--bounce-max=%s: not a size " BOUNCE_MAX_RANGE_TEXT
					      " (bytes, or with K or M)",
					      optarg);
}

static bool take_disable(struct options *o)
{
	o->disable = optarg;
	return value_is_disable(optarg) ||
	       wrong("--disable=%s: not a comma-separated list of " OPTIMISATION_WORDS_TEXT,
		     optarg);
}

static bool take_refused(struct options *o)
{
	o->refused = optarg;
	return value_is_refused(optarg) ||
	       wrong("--refused=%s: not one of " REFUSED_WORDS_TEXT, optarg);
}

static bool take_option(int letter, struct options *o)
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
	case 'f':
		return take_refused(o);
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
	case 'u':
		return o->no_io_uring = true;
	default: /* --check and --probe have no value; mode_given() reads `given` */
		return true;
	}
}

static enum mode mode_given(const bool *given)
{
	if (given['c'])
		return MODE_CHECK;
	if (given['p'])
		return MODE_PROBE;
	return given['r'] ? MODE_REPORT : MODE_RUN;
}

/* Returns false after a message if the options cannot be combined. */
static bool agree(const struct options *o, const bool *given)
{
	for (const struct option *at = long_options; at->name; at++) {
		if (!given[at->val] || modes_of[at->val] & 1 << o->mode)
			continue;
		if (o->mode == MODE_RUN)
			return wrong("--%s: requires --probe", at->name);
		return wrong("--%s: cannot be used with %s, which %s", at->name, mode_name[o->mode],
			     mode_accepts[o->mode]);
	}
	if (o->mode != MODE_RUN)
		return true;
	if (o->output && !o->stats)
		return wrong("--output: requires --stats (the trace goes to --trace=FILE)");
	if (o->json && !o->stats && !o->trace)
		return wrong("--json: requires --stats, --trace, --check, --probe or --report");
	return true;
}

static bool enough_operands(const struct options *o)
{
	if (o->mode == MODE_REPORT)
		return !o->operand_count ||
		       wrong("%s: --report accepts one FILE and no other operand", o->operands[0]);
	if (o->operand_count)
		return true;
	if (o->mode == MODE_PROBE)
		return wrong("--probe: requires a PATH (a file, a directory or a block device)");
	if (o->mode == MODE_CHECK)
		return wrong("--check: requires a COMMAND");
	return wrong("missing COMMAND (or --check, --probe, --report or --help)");
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
		if (!take_option(letter, o))
			return false;
	}
	o->mode = mode_given(given);
	o->operands = argv + optind;
	o->operand_count = argc - optind;
	return agree(o, given) && enough_operands(o);
}

bool options_name_refused(const struct options *o)
{
	return o->refused && !strcmp(o->refused, REFUSED_BUFFERED) && !o->quiet;
}
