/*
 * See shell.h. Only words that no shell changes are read: no quotes, variables, patterns, redirections or operators.
 * The shell then executes the first of them that is no assignment, found in PATH.
 */
#include "check/shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

static bool is_shell(const char *name)
{
	static const char *const shells[] = { "sh",   "ash",  "bash", "dash", "ksh", "ksh93",
					      "mksh", "posh", "yash", "zsh",  NULL };

	return is_one_of(name, shells);
}

/* Builtins of the usual shells that move no data of a program's, or only to where the shell's own descriptors go. */
static bool is_builtin(const char *word)
{
	static const char *const builtins[] = {
		":",	   "alias",   "bg",	 "break", "cd",	      "continue", "dirs",
		"echo",	   "exit",    "export",	 "false", "fg",	      "getopts",  "hash",
		"help",	   "history", "jobs",	 "kill",  "let",      "local",	  "popd",
		"printf",  "pushd",   "pwd",	 "read",  "readonly", "return",	  "set",
		"shift",   "shopt",   "suspend", "test",  "times",    "true",	  "type",
		"typeset", "declare", "ulimit",	 "umask", "unalias",  "unset",	  "wait",
		NULL
	};

	return is_one_of(word, builtins);
}

/* Removes a leading exec, which executes the words after it in the shell's own process, and blanks. */
static const char *without_exec(const char *text, bool *exec)
{
	text += strspn(text, " \t");
	*exec = !strncmp(text, "exec ", 5);
	text += *exec ? 5 : 0;
	return text + strspn(text, " \t");
}

/* Words with which a command of another kind begins, and builtins that start commands. */
static bool is_special(const char *word)
{
	static const char *const special[] = { ".",	 "builtin", "case",   "command", "coproc",
					       "do",	 "done",    "elif",   "else",	 "esac",
					       "eval",	 "exec",    "fi",     "for",	 "function",
					       "if",	 "in",	    "noglob", "select",	 "source",
					       "then",	 "time",    "trap",   "until",	 "while",
					       "repeat", "foreach", NULL };

	return is_one_of(word, special);
}

/* Options that change neither what is read nor the environment: -c, -ec, -exc. */
static bool is_plain_c(const char *word)
{
	return *word == '-' && strchr(word, 'c') && !word[1 + strspn(word + 1, "ceufx")];
}

/* Whether a shell with this argument reads commands from another one; false for long options. */
static bool has_c(const char *word)
{
	return *word == '-' && word[1] != '-' && strchr(word, 'c');
}

/* Returns the index of the text after -c; 0: there is none; -1: its options are not known. */
static int find_text(const struct words *w)
{
	if (w->count > 2 && is_plain_c(w->word[1]))
		return 2;
	for (size_t i = 1; i < w->count && *w->word[i] == '-'; i++)
		if (has_c(w->word[i]))
			return -1;
	return 0;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_./:@%+,=- \t", *text))
			return false;
	return true;
}

/* A name of letters, digits and underscores, and an equals sign. */
static bool is_assignment(const char *word)
{
	size_t name = 0;

	while (isalnum((unsigned char)word[name]) || word[name] == '_')
		name++;
	return name && !isdigit((unsigned char)*word) && word[name] == '=';
}

/* Replaces the words of the chain by those of the text. */
static void read_words(struct chain *c, const char *text)
{
	const char **with = alloc_zeroed(strlen(text) + 1, sizeof(*with));
	char *copy = alloc_string(text);
	char *rest = copy;
	size_t count = 0;

	for (char *word; (word = strsep(&rest, " \t"));) {
		if (!count && is_assignment(word))
			chain_assign(c, word);
		else if (*word)
			with[count++] = word;
	}
	words_replace(&c->words, c->words.count, with, count);
	free(copy);
	free(with);
}

/* Returns the first word that is no assignment, to be freed; NULL: there is none. */
static char *first_word(const char *text)
{
	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		size_t length = strcspn(text, " \t");
		char *word = alloc_part(text, length);

		if (!is_assignment(word))
			return word;
		free(word);
		text += length;
	}
	return NULL;
}

/* exec A=1 executes a program of that name. */
static bool is_odd(const char *text, bool exec)
{
	char *first = first_word(text);
	bool odd = *text == '-' || (first && is_special(first)) || (exec && is_assignment(text));

	free(first);
	return odd;
}

/* Assignments alone, or a builtin. */
static bool is_the_shells(const char *text)
{
	char *first = first_word(text);
	bool own = !first || is_builtin(first);

	free(first);
	return own;
}

static bool unknown(struct chain *c)
{
	c->unknown = "is a shell, and dioshim does not read the commands in its argument";
	c->advice = "check those programs themselves";
	return false;
}

bool shell_unwrap(struct chain *c)
{
	int at = is_shell(base_name(c->program)) ? find_text(&c->words) : 0;
	bool exec = false;
	const char *text = at > 0 ? without_exec(c->words.word[at], &exec) : "";

	if (!at)
		return false;
	if (at < 0 || !is_plain(text) || is_odd(text, exec))
		return unknown(c);
	if (is_the_shells(text))
		return false;
	read_words(c, text);
	chain_add_step(c, alloc_format("%s starts %s", c->program, c->words.word[0]));
	return true;
}
