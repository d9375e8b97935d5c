/* See wrapper.h. */
#include "check/wrapper.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "check/wrapper_options.h"
#include "check/wrapper_table.h"

/* What the options of a wrapper have told. */
struct parse {
	const struct wrapper *w;
	size_t at;   /* where its operands begin */
	bool none;   /* no command is executed */
	bool direct; /* watch -x */
};

static bool is_in(int option, const char *letters)
{
	return letters && option && strchr(letters, option);
}

static bool unknown(struct chain *c, const char *what)
{
	c->unknown = what;
	c->advice = "check that program itself";
	return false;
}

static bool unknown_options(struct chain *c)
{
	return unknown(c, "starts another program, with options that dioshim does not know");
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

/* Returns 1: go on. 0: the words were changed, start again. -1: unknown. */
static int take_option(struct chain *c, struct parse *p, int option)
{
	const struct wrapper *w = p->w;

	if (option == '?' || is_in(option, w->blurred))
		return -1;
	if (w->kind == WRAPPER_ENV && option == 'S')
		return split(&c->words, optind, optarg) ? 0 : -1;
	if (is_in(option, w->none))
		p->none = true;
	if (is_in(option, w->cleared))
		chain_clear_environment(c);
	if (is_in(option, w->assigns) && !chain_assign(c, optarg))
		chain_unset(c, optarg);
	if (w->kind == WRAPPER_WATCH && option == 'x')
		p->direct = true;
	return 1;
}

static int take_options(struct chain *c, struct parse *p, const struct wrapper_options *o)
{
	int option;
	int result = 1;

	optind = 0; /* glibc: start again, and read the "+" again */
	opterr = 0;
	while (result > 0 && (option = getopt_long((int)c->words.count, c->words.word, o->letters,
						   o->longs, NULL)) >= 0)
		result = take_option(c, p, option);
	p->at = optind;
	return result;
}

/* Finds the operands. Restores the state of getopt, which the launcher's own options use. */
static bool parse(struct chain *c, struct parse *p)
{
	struct wrapper_options *o = wrapper_options_make(p->w);
	int index = optind;
	int errors = opterr;
	int result;

	do
		result = take_options(c, p, o);
	while (!result);
	optind = index;
	opterr = errors;
	wrapper_options_free(o);
	return result > 0;
}

/* Applies env's NAME=VALUE operands, and "-", which means -i. */
static void pass_assignments(struct chain *c, struct parse *p)
{
	if (p->at < c->words.count && !strcmp(c->words.word[p->at], "-")) {
		chain_clear_environment(c);
		p->at++;
	}
	while (p->at < c->words.count && chain_assign(c, c->words.word[p->at]))
		p->at++;
}

/* Makes the words sh -c TEXT. */
static void become_shell(struct chain *c, const char *shell, const char *text)
{
	const char *const with[] = { shell, "-c", text };

	words_replace(&c->words, c->words.count, with, 3);
}

/* flock FILE -c TEXT runs the shell of $SHELL (sys-utils/flock.c). */
static void flock_command(struct chain *c, size_t at)
{
	const char *option = c->words.word[at];
	const char *shell = getenv("SHELL");

	if ((strcmp(option, "-c") != 0 && strcmp(option, "--command") != 0) ||
	    at + 2 != c->words.count)
		words_replace(&c->words, at, NULL, 0);
	else
		become_shell(c, shell && *shell ? shell : "/bin/sh", c->words.word[at + 1]);
}

/* watch joins its words by blanks. */
static void watch_command(struct chain *c, size_t at)
{
	char *text = alloc_string(c->words.word[at]);

	while (++at < c->words.count) {
		char *longer = alloc_format("%s %s", text, c->words.word[at]);

		free(text);
		text = longer;
	}
	become_shell(c, "sh", text);
	free(text);
}

static bool is_number(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

static bool is_root(const char *directory)
{
	char *path = realpath(directory, NULL);
	bool root = path && !strcmp(path, "/");

	free(path);
	return root;
}

/* Returns false if what is executed there cannot be told from here. chroot also changes the directory. */
static bool enter_root(struct chain *c, const char *root, const char *command)
{
	if (!is_root(root)) {
		chain_set(&c->root, alloc_string(root));
		c->unknown =
			"starts its command in another root directory, with the libraries there";
		c->advice = "check it from inside: chroot DIR dioshim --check COMMAND";
		return false;
	}
	return *command == '/' || !strchr(command, '/') || unknown_options(c);
}

/* What follows the options: operands, then the command. Returns false if there is no command, or it is unknown. */
static bool pass_operands(struct chain *c, struct parse *p)
{
	const struct wrapper *w = p->w;
	size_t operands = p->at;

	if (w->kind == WRAPPER_ENV)
		pass_assignments(c, p);
	else if (w->kind != WRAPPER_CHRT)
		p->at += w->operands;
	else if (p->at < c->words.count && is_number(c->words.word[p->at]))
		p->at++;
	if (p->none || p->at >= c->words.count)
		return false;
	return w->kind != WRAPPER_CHROOT ||
	       enter_root(c, c->words.word[operands], c->words.word[p->at]);
}

/* setarch ARCHITECTURE comes before the options. */
static void drop_architecture(struct chain *c)
{
	if (strcmp(base_name(c->program), "setarch") != 0 || c->words.count < 2 ||
	    *c->words.word[1] == '-')
		return;
	free(c->words.word[1]);
	for (size_t i = 1; i < c->words.count; i++)
		c->words.word[i] = c->words.word[i + 1];
	c->words.count--;
}

static bool unwrap(struct chain *c, const struct wrapper *w)
{
	struct parse p = { .w = w };

	if (w->kind == WRAPPER_ARCH)
		drop_architecture(c);
	if (!parse(c, &p))
		return unknown_options(c);
	if (!pass_operands(c, &p))
		return false;
	if (w->kind == WRAPPER_FLOCK)
		flock_command(c, p.at);
	else if (w->kind == WRAPPER_WATCH && !p.direct)
		watch_command(c, p.at);
	else
		words_replace(&c->words, p.at, NULL, 0);
	chain_add_step(c, alloc_format("%s starts %s", c->program, c->words.word[0]));
	return true;
}

bool wrapper_unwrap(struct chain *c)
{
	const struct wrapper *w = wrapper_find(base_name(c->program));

	return w && unwrap(c, w);
}
