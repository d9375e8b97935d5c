/* From a command to what runs in the end. See follow.h. */
#include "check/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "check/wrapper.h"

enum {
	/* exec_binprm() (fs/exec.c) looks six times at what it is to execute: five scripts. */
	SCRIPTS_MOST = 5,
	/* env env env ...: ours to end. */
	WRAPPERS_MOST = 32,
};

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void follow_step(struct follow *f, char *line)
{
	f->steps = alloc_room(f->steps, f->step_count, sizeof(*f->steps));
	f->steps[f->step_count++] = line;
}

static void set_text(char **text, char *value)
{
	free(*text);
	*text = value;
}

/* What execve() says of the file before it looks inside (do_open_execat(), fs/exec.c). */
static int refusal(const char *path)
{
	struct stat st;

	/* What the kernel reads in a file that is nothing but "#!"; it is the working directory. */
	if (!*path)
		return EACCES;
	if (stat(path, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

/* The kernel's words for a script's interpreter: its name, its argument, the script, the rest. */
static void interpret(struct follow *f, const struct script *s)
{
	const char *with[3] = { s->interpreter };
	size_t count = 1;

	if (*s->argument)
		with[count++] = s->argument;
	with[count++] = f->program;
	words_replace(&f->words, f->words.count ? 1 : 0, with, count);
	follow_step(f, alloc_format("%s is a script for %s%s%s", f->program, s->interpreter,
				    *s->argument ? " " : "", s->argument));
	set_text(&f->program, alloc_string(s->interpreter));
}

/* execve() of f->program, as far as the kernel would follow #! lines. 0 or an errno. */
static int execute(struct follow *f)
{
	for (int scripts = 0; scripts <= SCRIPTS_MOST; scripts++) {
		struct script s;
		int error = refusal(f->program);

		if (error) {
			if (scripts)
				set_text(&f->trouble, alloc_string(f->program));
			return error;
		}
		script_read(f->program, &s);
		f->kind = s.kind;
		if (s.kind == SCRIPT_TEXT || s.kind == SCRIPT_BINARY)
			return ENOEXEC;
		if (s.kind != SCRIPT_INTERPRETER)
			return 0;
		interpret(f, &s);
	}
	return ELOOP;
}

/* Forget the links that a candidate in PATH had added before it failed. */
static void drop_steps(struct follow *f, size_t count)
{
	while (f->step_count > count)
		free(f->steps[--f->step_count]);
}

/*
 * execve() of `path`, and what execvp() does with ENOEXEC: it has /bin/sh read the file. That file
 * is `path` even where it was an interpreter of it that the kernel could not execute.
 */
static int try(struct follow *f, const char *path)
{
	static const char shell[] = "/bin/sh";
	const char *const with[] = { shell, path };
	struct words before;
	size_t steps = f->step_count;
	enum script_kind kind;
	int error;

	words_copy(&before, f->words.word);
	set_text(&f->trouble, NULL);
	set_text(&f->program, alloc_string(path));
	error = execute(f);
	kind = f->kind;
	if (error) {
		drop_steps(f, steps);
		words_free(&f->words);
		f->words = before;
	} else {
		words_free(&before);
	}
	if (error != ENOEXEC || kind == SCRIPT_BINARY)
		return error == ENOEXEC ? 0 : error;
	words_replace(&f->words, 1, with, 2);
	follow_step(f, alloc_format("%s is text without a #! line, which %s reads", path, shell));
	set_text(&f->program, alloc_string(shell));
	error = execute(f);
	if (error)
		set_text(&f->trouble, alloc_string(shell));
	return error;
}

/* After these execvp() goes on to the next directory of PATH. */
static bool goes_on(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENODEV ||
	       error == ESTALE || error == ETIMEDOUT;
}

/* The same; the first file found is what the command itself is. */
static int try_first(struct follow *f, const char *path)
{
	int error = try(f, path);

	if (!error && !f->first)
		f->first = alloc_string(path);
	return error;
}

static int try_in_path(struct follow *f, const char *name, const char *path)
{
	int result = ENOENT;

	for (const char *dir = path;; dir++) {
		size_t length = strcspn(dir, ":");
		char *candidate = length ? alloc_format("%.*s/%s", (int)length, dir, name) :
					   alloc_string(name);
		int error = try_first(f, candidate);

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

/* As execvp(3) finds it. */
static int find(struct follow *f)
{
	char *name = alloc_string(f->words.word[0]);
	char *path = f->path ? alloc_string(f->path) : alloc_zeroed(1, confstr(_CS_PATH, NULL, 0));
	int error = ENOENT;

	if (!f->path)
		confstr(_CS_PATH, path, confstr(_CS_PATH, NULL, 0));
	if (strchr(name, '/'))
		error = try_first(f, name);
	else if (*name)
		error = try_in_path(f, name, path);
	free(path);
	free(name);
	return error;
}

int follow_command(char *const argv[], struct follow *f)
{
	const char *path = getenv("PATH");
	const char *library_path = getenv("LD_LIBRARY_PATH");

	*f = (struct follow){
		.path = path ? alloc_string(path) : NULL,
		.library_path = library_path ? alloc_string(library_path) : NULL,
	};
	words_copy(&f->words, argv);
	for (int wrappers = 0; f->words.count; wrappers++) {
		int error = find(f);

		if (error) {
			if (wrappers && !f->trouble)
				f->trouble = alloc_string(f->words.word[0]);
			return error;
		}
		if (f->kind == SCRIPT_BINARY || f->unknown || !wrapper_unwrap(f))
			return 0;
		if (wrappers == WRAPPERS_MOST)
			return ELOOP;
	}
	return ENOENT;
}

void follow_free(struct follow *f)
{
	words_free(&f->words);
	drop_steps(f, 0);
	free(f->steps);
	free(f->first);
	free(f->program);
	free(f->trouble);
	free(f->path);
	free(f->library_path);
	*f = (struct follow){ 0 };
}
