/*
 * The chain from a command to the file that runs in the end: through PATH, scripts (#!), and
 * programs such as env whose arguments are a command. It is filled by follow_command() and
 * unwrap() in follow.c.
 */
#ifndef DIOSHIM_CHAIN_H
#define DIOSHIM_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "check/script.h"
#include "check/words.h"

struct chain {
	struct words words;    /* the command as the last link has rewritten it */
	char *first;	       /* where the command itself was found */
	char *found;	       /* where the last command was found: `program`, or a script for it */
	char *program;	       /* the last file in the chain */
	enum script_kind kind; /* what that file is */
	char *trouble;	       /* the file that an error is about; NULL: the command itself */
	char **steps;	       /* one sentence for each link of the chain */
	size_t step_count;

	/* The environment of `program`, as env has changed it on the way. */
	char *path;	    /* PATH; NULL: not set */
	char *library_path; /* LD_LIBRARY_PATH; NULL: not set */

	char *lost; /* why LD_PRELOAD does not reach it, a clause; NULL: it does */
	char *root; /* the root directory of the command that `program` starts; NULL: as before */

	/* Why it is not known which command `program` starts, a clause without its subject. */
	const char *unknown;
	const char *advice; /* what to do where `lost` or `unknown` is set */
};

/* Appends to `steps`; takes the line over. */
void chain_add_step(struct chain *c, char *line);

/* Removes the steps after the first `count`. */
void chain_drop_steps(struct chain *c, size_t count);

void chain_free(struct chain *c);

/* Changes a variable as NAME=VALUE says. Returns false if the text is not of that form. */
bool chain_assign(struct chain *c, const char *text);

void chain_unset(struct chain *c, const char *name);
void chain_clear_environment(struct chain *c);

/* Replaces a string; takes the new value over. */
void chain_set(char **text, char *value);

/* Returns the last part of a path. */
const char *base_name(const char *path);

#endif
