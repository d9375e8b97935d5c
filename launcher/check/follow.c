/* See follow.h. */
#include "check/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "check/elsewhere.h"
#include "check/shell.h"
#include "check/wrapper.h"

enum {
	/* exec_binprm() (fs/exec.c) tries six files: at most five scripts and a program. */
	SCRIPTS_MOST = 5,
	/* Bounds "env env env ...", for which the kernel has no limit. */
	WRAPPERS_MOST = 32,
};

/* Returns the errno of execve() before it reads the file (do_open_execat(), fs/exec.c), or 0. */
static int refusal(const char *path)
{
	struct stat st;

	/* A file that holds "#!" alone. The kernel opens the working directory then. */
	if (!*path)
		return EACCES;
	if (stat(path, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

/* Makes the command that the kernel executes for a script: INTERPRETER [ARGUMENT] SCRIPT ARG... */
static void interpret(struct chain *c, const struct script *s)
{
	const char *with[3] = { s->interpreter };
	size_t count = 1;

	if (*s->argument)
		with[count++] = s->argument;
	with[count++] = c->program;
	words_replace(&c->words, c->words.count ? 1 : 0, with, count);
	chain_add_step(c, alloc_format("%s is a script for %s%s%s", c->program, s->interpreter,
				       *s->argument ? " " : "", s->argument));
	chain_set(&c->program, alloc_string(s->interpreter));
}

/* Follows the #! lines from c->program on, as execve() does. Returns 0 or its errno. */
static int execute(struct chain *c)
{
	for (int scripts = 0; scripts <= SCRIPTS_MOST; scripts++) {
		struct script s;
		int error = refusal(c->program);

		if (error) {
			if (scripts)
				chain_set(&c->trouble, alloc_string(c->program));
			return error;
		}
		script_read(c->program, &s);
		c->kind = s.kind;
		if (s.kind == SCRIPT_TEXT || s.kind == SCRIPT_BINARY)
			return ENOEXEC;
		if (s.kind != SCRIPT_INTERPRETER)
			return 0;
		interpret(c, &s);
	}
	return ELOOP;
}

/*
 * Does as execve() of `path`, and as execvp() after ENOEXEC: it runs /bin/sh with the file. That
 * file is `path`, even if it was its interpreter that the kernel could not execute.
 */
static int try(struct chain *c, const char *path)
{
	static const char shell[] = "/bin/sh";
	const char *const with[] = { shell, path };
	struct words before;
	size_t steps = c->step_count;
	enum script_kind kind;
	int error;

	words_copy(&before, c->words.word);
	chain_set(&c->trouble, NULL);
	chain_set(&c->program, alloc_string(path));
	error = execute(c);
	kind = c->kind;
	if (error) {
		chain_drop_steps(c, steps);
		words_free(&c->words);
		c->words = before;
	} else {
		words_free(&before);
	}
	if (error != ENOEXEC || kind == SCRIPT_BINARY)
		return error == ENOEXEC ? 0 : error;
	words_replace(&c->words, 1, with, 2);
	chain_add_step(c, alloc_format("%s is a text file without a #! line, which %s reads", path,
				       shell));
	chain_set(&c->program, alloc_string(shell));
	error = execute(c);
	if (error)
		chain_set(&c->trouble, alloc_string(shell));
	return error;
}

/* After these errors execvp() tries the next directory of PATH. */
static bool goes_on(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENODEV ||
	       error == ESTALE || error == ETIMEDOUT;
}

/* Calls try(), and keeps the path of the file found; the first is the command itself. */
static int try_first(struct chain *c, const char *path)
{
	int error = try(c, path);

	if (!error && !c->first)
		c->first = alloc_string(path);
	if (!error)
		chain_set(&c->found, alloc_string(path));
	return error;
}

static int try_in_path(struct chain *c, const char *name, const char *path)
{
	int result = ENOENT;

	for (const char *dir = path;; dir++) {
		size_t length = strcspn(dir, ":");
		char *candidate = length ? alloc_format("%.*s/%s", (int)length, dir, name)
					 : alloc_string(name);
		int error = try_first(c, candidate);

		free(candidate);
		if (!goes_on(error))
			return error;
		if (error == EACCES)
			result = EACCES;
		dir += length;
		if (!*dir)
			return result;
	}
}

/* Finds the command in c->words as execvp(3) does. */
static int find(struct chain *c)
{
	char *name = alloc_string(c->words.word[0]);
	char *path = c->path ? alloc_string(c->path) : alloc_zeroed(1, confstr(_CS_PATH, NULL, 0));
	int error = ENOENT;

	if (!c->path)
		confstr(_CS_PATH, path, confstr(_CS_PATH, NULL, 0));
	if (strchr(name, '/'))
		error = try_first(c, name);
	else if (*name)
		error = try_in_path(c, name, path);
	free(path);
	free(name);
	return error;
}

/* Makes the next command of the chain the one in c->words. Returns false if the chain ends here. */
static bool unwrap(struct chain *c)
{
	if (wrapper_unwrap(c) || (!c->unknown && shell_unwrap(c)))
		return true;
	if (!c->unknown)
		elsewhere_look(c);
	return false;
}

int follow_command(char *const argv[], struct chain *c)
{
	const char *path = getenv("PATH");
	const char *library_path = getenv("LD_LIBRARY_PATH");

	*c = (struct chain){
		.path = path ? alloc_string(path) : NULL,
		.library_path = library_path ? alloc_string(library_path) : NULL,
	};
	words_copy(&c->words, argv);
	for (int wrappers = 0; c->words.count; wrappers++) {
		int error = find(c);

		if (error) {
			if (wrappers && !c->trouble)
				c->trouble = alloc_string(c->words.word[0]);
			return error;
		}
		if (c->kind == SCRIPT_BINARY || !unwrap(c))
			return 0;
		if (wrappers == WRAPPERS_MOST)
			return ELOOP;
	}
	return ENOENT;
}
