/*
 * From a command to the ELF file that runs in the end: through PATH, as execvp() goes, through
 * scripts, as the kernel does, and through programs such as env whose arguments are a command.
 */
#ifndef DIOSHIM_FOLLOW_H
#define DIOSHIM_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "check/script.h"
#include "check/words.h"

struct follow {
	struct words words;       /* the command as it stands now */
	char *first;              /* where the command itself was found */
	char *program;            /* the last file in the chain */
	enum script_kind kind;    /* what that file is */
	char *trouble;            /* what an error is about, if not about the command */
	char **steps;             /* one line for each link of the chain */
	size_t step_count;

	/* What env does to the environment of the programs after it. */
	char *path;               /* PATH; NULL: none */
	char *library_path;       /* LD_LIBRARY_PATH; NULL: none */
	const char *lost;         /* the program that takes LD_PRELOAD away; a clause for people */
	const char *lost_advice;
	bool unknown;             /* `program` starts another one, and which could not be told */
};

/* 0, or the errno of execvp(). follow_free() is due in either case. */
int follow_command(char *const argv[], struct follow *f);
void follow_free(struct follow *f);

/* A line for `steps`; takes it over. */
void follow_step(struct follow *f, char *line);

/* The last part of a path. */
const char *base_name(const char *path);

#endif
