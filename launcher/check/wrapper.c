/* env, nice and their kind. See wrapper.h. */
#include "check/wrapper.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "check/follow.h"

#define ARG required_argument
#define MAY optional_argument

/* Values of options that change what the command meets; all others are passed over. */
enum { OPT_CLEAR = 'i', OPT_UNSET = 'u', OPT_SPLIT = 'S', OPT_DIRECTORY = 'C', OPT_OTHER = 1 };

struct wrapper {
	const char *name;
	const char *options; /* as getopt(3) has them, after the "+" */
	const struct option *long_options;
	int operands;        /* before the command */
};

static const struct option no_long[] = { { 0 } };

static const struct option env_long[] = {
	{ "ignore-environment", 0, NULL, OPT_CLEAR },
	{ "unset", ARG, NULL, OPT_UNSET },
	{ "chdir", ARG, NULL, OPT_DIRECTORY },
	{ "split-string", ARG, NULL, OPT_SPLIT },
	{ "block-signal", MAY, NULL, OPT_OTHER },
	{ "default-signal", MAY, NULL, OPT_OTHER },
	{ "ignore-signal", MAY, NULL, OPT_OTHER },
	{ "list-signal-handling", 0, NULL, OPT_OTHER },
	{ "debug", 0, NULL, OPT_OTHER },
	{ 0 }
};

static const struct option nice_long[] = { { "adjustment", ARG, NULL, OPT_OTHER }, { 0 } };

static const struct option timeout_long[] = {
	{ "kill-after", ARG, NULL, OPT_OTHER },
	{ "signal", ARG, NULL, OPT_OTHER },
	{ "foreground", 0, NULL, OPT_OTHER },
	{ "preserve-status", 0, NULL, OPT_OTHER },
	{ "verbose", 0, NULL, OPT_OTHER },
	{ 0 }
};

static const struct option stdbuf_long[] = {
	{ "input", ARG, NULL, OPT_OTHER },
	{ "output", ARG, NULL, OPT_OTHER },
	{ "error", ARG, NULL, OPT_OTHER },
	{ 0 }
};

static const struct option time_long[] = {
	{ "format", ARG, NULL, OPT_OTHER },
	{ "output", ARG, NULL, OPT_OTHER },
	{ "append", 0, NULL, OPT_OTHER },
	{ "portability", 0, NULL, OPT_OTHER },
	{ "quiet", 0, NULL, OPT_OTHER },
	{ "verbose", 0, NULL, OPT_OTHER },
	{ 0 }
};

static const struct option setsid_long[] = {
	{ "ctty", 0, NULL, OPT_OTHER },
	{ "fork", 0, NULL, OPT_OTHER },
	{ "wait", 0, NULL, OPT_OTHER },
	{ 0 }
};

static const struct option ionice_long[] = {
	{ "class", ARG, NULL, OPT_OTHER },
	{ "classdata", ARG, NULL, OPT_OTHER },
	{ "ignore", 0, NULL, OPT_OTHER },
	{ 0 }
};

/* A digit is the old form of nice's number, nice -10. */
static const struct wrapper wrappers[] = {
	{ "env", "iu:C:S:v", env_long, 0 },
	{ "nice", "n:0123456789", nice_long, 0 },
	{ "nohup", "", no_long, 0 },
	{ "timeout", "k:s:v", timeout_long, 1 },
	{ "stdbuf", "i:o:e:", stdbuf_long, 0 },
	{ "time", "f:o:apqv", time_long, 0 },
	{ "setsid", "cfw", setsid_long, 0 },
	{ "ionice", "c:n:t", ionice_long, 0 },
};

static const char *const env_clears = "env takes LD_PRELOAD out of its environment";
static const char *const env_advice = "put dioshim after env: env ... dioshim COMMAND";

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = value ? alloc_string(value) : NULL;
}

static void change(struct follow *f, const char *name, size_t length, const char *value)
{
	if (length == 4 && !strncmp(name, "PATH", 4))
		set_text(&f->path, value);
	if (length == 15 && !strncmp(name, "LD_LIBRARY_PATH", 15))
		set_text(&f->library_path, value);
	if (length == 10 && !strncmp(name, "LD_PRELOAD", 10)) {
		f->lost = env_clears;
		f->lost_advice = env_advice;
	}
}

static void clear_environment(struct follow *f)
{
	change(f, "PATH", 4, NULL);
	change(f, "LD_LIBRARY_PATH", 15, NULL);
	change(f, "LD_PRELOAD", 10, NULL);
}

/* What env's own options mean. False: not to be followed. */
static bool env_option(struct follow *f, int option)
{
	if (option == OPT_CLEAR)
		clear_environment(f);
	else if (option == OPT_UNSET)
		change(f, optarg, strlen(optarg), NULL);
	return option != OPT_DIRECTORY;
}

/*
 * env -S: the words of `text` stand in the place of the option. Quotes, escapes and variables of
 * env's own little language are not followed.
 */
static bool split(struct words *words, size_t from, const char *text)
{
	static const char blanks[] = " \t\n\v\f\r";
	const char **with = alloc_zeroed(strlen(text) + 2, sizeof(*with));
	char *copy = alloc_string(text);
	char *rest = copy;
	size_t count = 1;
	bool plain = !strpbrk(text, "\"'\\$#");

	with[0] = words->word[0];
	for (char *word; (word = strsep(&rest, blanks));)
		if (*word)
			with[count++] = word;
	words_replace(words, from, with, count); /* frees what `text` was */
	free(copy);
	free(with);
	return plain;
}

/* Go through the options. 1: they end at `*at`; 0: the words were changed, start again; -1: no. */
static int pass_options(struct follow *f, const struct wrapper *w, size_t *at)
{
	char *options = alloc_format("+%s", w->options);
	int option;
	int result = 1;

	optind = 0;
	opterr = 0;
	while (result > 0 && (option = getopt_long((int)f->words.count, f->words.word, options,
						   w->long_options, NULL)) >= 0) {
		bool env = w->long_options == env_long;

		if (env && option == OPT_SPLIT)
			result = split(&f->words, optind, optarg) ? 0 : -1;
		else if (option == '?' || (env && !env_option(f, option)))
			result = -1;
	}
	*at = optind;
	free(options);
	return result;
}

/* getopt's state is that of the launcher's own options. */
static int find_operands(struct follow *f, const struct wrapper *w, size_t *at)
{
	int index = optind;
	int errors = opterr;
	int result;

	do
		result = pass_options(f, w, at);
	while (!result);
	optind = index;
	opterr = errors;
	return result;
}

/* env's NAME=VALUE, and "-", which is -i. */
static size_t pass_assignments(struct follow *f, size_t at)
{
	if (at < f->words.count && !strcmp(f->words.word[at], "-")) {
		clear_environment(f);
		at++;
	}
	for (; at < f->words.count; at++) {
		const char *equals = strchr(f->words.word[at], '=');

		if (!equals)
			break;
		change(f, f->words.word[at], equals - f->words.word[at], equals + 1);
	}
	return at;
}

static bool unwrap(struct follow *f, const struct wrapper *w)
{
	size_t at;

	if (find_operands(f, w, &at) < 0) {
		f->unknown = true;
		return false;
	}
	at += w->operands;
	if (w->long_options == env_long)
		at = pass_assignments(f, at);
	if (at >= f->words.count)
		return false;
	words_replace(&f->words, at, NULL, 0);
	follow_step(f, alloc_format("%s starts %s", f->program, f->words.word[0]));
	return true;
}

/* These make a new environment for what they start, whoever calls them. */
static bool cleans(const char *name)
{
	return !strcmp(name, "sudo") || !strcmp(name, "doas") || !strcmp(name, "pkexec");
}

bool wrapper_unwrap(struct follow *f)
{
	const char *name = base_name(f->program);

	if (cleans(name)) {
		f->lost = "it makes a new environment for what it starts, without LD_PRELOAD";
		f->lost_advice = "put dioshim after it: sudo dioshim COMMAND";
		return false;
	}
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (!strcmp(name, wrappers[i].name))
			return unwrap(f, &wrappers[i]);
	return false;
}
