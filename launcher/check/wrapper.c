/* See wrapper.h. */
#include "check/wrapper.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define ARG required_argument

enum { OPT_CLEAR = 'i', OPT_UNSET = 'u', OPT_SPLIT = 'S', OPT_VERBOSE = 'v' };

struct wrapper {
	const char *name;
	const char *options; /* those that are followed, for getopt(3), after "+" */
	const struct option *long_options;
	int operands; /* how many come before the command */
};

static const struct option no_long[] = { { 0 } };

static const struct option env_long[] = { { "ignore-environment", 0, NULL, OPT_CLEAR },
					  { "unset", ARG, NULL, OPT_UNSET },
					  { "split-string", ARG, NULL, OPT_SPLIT },
					  { "debug", 0, NULL, OPT_VERBOSE },
					  { 0 } };

/* A digit is the old form of nice's number, nice -10. */
static const struct wrapper wrappers[] = {
	{ "env", "iu:S:v", env_long, 0 },	{ "ionice", "c:n:t", no_long, 0 },
	{ "nice", "n:0123456789", no_long, 0 }, { "nohup", "", no_long, 0 },
	{ "timeout", "k:s:v", no_long, 1 },
};

/* These start a command, too, but it is not looked for in their arguments. */
static const char *const others[] = {
	"chroot", "chrt",   "flock",	   "nsenter", "numactl", "setpriv", "setsid",
	"stdbuf", "strace", "systemd-run", "taskset", "time",	 "unshare", "xargs",
};

/* These start their command with a new environment, whatever their arguments are. */
static const char *const cleaners[] = { "doas", "pkexec", "sudo" };

static char *copy(const char *value)
{
	return value ? alloc_string(value) : NULL;
}

static void change(struct chain *c, const char *name, size_t length, const char *value)
{
	if (length == 4 && !strncmp(name, "PATH", 4))
		chain_set(&c->path, copy(value));
	if (length == 15 && !strncmp(name, "LD_LIBRARY_PATH", 15))
		chain_set(&c->library_path, copy(value));
	if (length == 10 && !strncmp(name, "LD_PRELOAD", 10)) {
		c->lost = "env removes the shim from LD_PRELOAD";
		c->advice = "put dioshim after env: env ... dioshim COMMAND";
	}
}

static void clear_environment(struct chain *c)
{
	change(c, "PATH", 4, NULL);
	change(c, "LD_LIBRARY_PATH", 15, NULL);
	change(c, "LD_PRELOAD", 10, NULL);
}

/*
 * Puts the words of `text` in the place of the option -S of env. Returns false if there are quotes,
 * escapes or variables in it, which are not interpreted here.
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
	words_replace(words, from, with, count); /* frees `text` */
	free(copy);
	free(with);
	return plain;
}

/* Returns 1: the command begins at *at. 0: the words were changed, start again. -1: unknown. */
static int pass_options(struct chain *c, const struct wrapper *w, size_t *at)
{
	char *options = alloc_format("+%s", w->options);
	int option;
	int result = 1;

	optind = 0;
	opterr = 0;
	while (result > 0 && (option = getopt_long((int)c->words.count, c->words.word, options,
						   w->long_options, NULL)) >= 0) {
		if (option == '?')
			result = -1;
		else if (w->long_options != env_long)
			continue;
		else if (option == OPT_SPLIT)
			result = split(&c->words, optind, optarg) ? 0 : -1;
		else if (option == OPT_CLEAR)
			clear_environment(c);
		else if (option == OPT_UNSET)
			change(c, optarg, strlen(optarg), NULL);
	}
	*at = optind;
	free(options);
	return result;
}

/* Restores the state of getopt, which the launcher's own options use. */
static int find_operands(struct chain *c, const struct wrapper *w, size_t *at)
{
	int index = optind;
	int errors = opterr;
	int result;

	do
		result = pass_options(c, w, at);
	while (!result);
	optind = index;
	opterr = errors;
	return result;
}

/* Applies env's NAME=VALUE operands, and "-", which means -i. Returns where the command begins. */
static size_t pass_assignments(struct chain *c, size_t at)
{
	if (at < c->words.count && !strcmp(c->words.word[at], "-")) {
		clear_environment(c);
		at++;
	}
	for (; at < c->words.count; at++) {
		const char *equals = strchr(c->words.word[at], '=');

		if (!equals)
			break;
		change(c, c->words.word[at], equals - c->words.word[at], equals + 1);
	}
	return at;
}

static bool unwrap(struct chain *c, const struct wrapper *w)
{
	size_t at;

	if (find_operands(c, w, &at) < 0) {
		c->unknown = "starts another program, with options that dioshim does not know";
		c->advice = "check that program itself";
		return false;
	}
	at += w->operands;
	if (w->long_options == env_long)
		at = pass_assignments(c, at);
	if (at >= c->words.count)
		return false;
	words_replace(&c->words, at, NULL, 0);
	chain_add_step(c, alloc_format("%s starts %s", c->program, c->words.word[0]));
	return true;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

bool wrapper_unwrap(struct chain *c)
{
	const char *name = base_name(c->program);

	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++)
		if (!strcmp(name, wrappers[i].name))
			return unwrap(c, &wrappers[i]);
	if (is_one_of(name, cleaners, sizeof(cleaners) / sizeof(*cleaners))) {
		c->lost = "sudo, doas and pkexec start their command without LD_PRELOAD";
		c->advice = "put dioshim after it: sudo dioshim COMMAND";
	} else if (c->words.count > 1 &&
		   is_one_of(name, others, sizeof(others) / sizeof(*others))) {
		c->unknown = "starts another program, and dioshim does not read its arguments";
		c->advice = "check that program itself";
	}
	return false;
}
