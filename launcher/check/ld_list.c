/* See ld_list.h. */
#include "check/ld_list.h"

#include <errno.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "check/ld_confine.h"

/* Called for the launcher itself first. Its PT_INTERP ends with a NUL byte, or it would not run. */
static int take_interpreter(struct dl_phdr_info *self, size_t size, void *path)
{
	(void)size;
	for (size_t i = 0; i < self->dlpi_phnum; i++)
		if (self->dlpi_phdr[i].p_type == PT_INTERP)
			*(const char **)path =
				(const char *)(self->dlpi_addr + self->dlpi_phdr[i].p_vaddr);
	return 1;
}

/*
 * Resolves symbolic links: $ORIGIN depends on it. When the kernel starts a program, ld.so takes it
 * from /proc/self/exe, without links; with --list, from the path that is given.
 */
static char *resolved(const char *program)
{
	char *path = realpath(program, NULL);

	return path ? path : alloc_string(program);
}

/*
 * Two variables are all that the search depends on. Others make ld.so load audit libraries
 * (LD_AUDIT), write files (LD_DEBUG_OUTPUT) or print more.
 */
static char **environment(const char *preload, const char *library_path)
{
	char **environment = alloc_zeroed(3, sizeof(*environment));

	environment[0] = alloc_format("LD_PRELOAD=%s", preload);
	if (library_path)
		environment[1] = alloc_format("LD_LIBRARY_PATH=%s", library_path);
	return environment;
}

struct child {
	char **argv;
	char **envp;
	const int *output;
};

static int child(void *arg)
{
	const struct child *c = arg;

	if (ld_confine(LD_LIST_SECONDS, c->output, c->argv[0]))
		execve(c->argv[0], c->argv, c->envp);
	_exit(LD_CONFINE_FAILED);
}

/*
 * Runs argv[0] with its output in two files; returns its wait status, or -1 and errno. As in
 * posix_spawn(), the child runs in the launcher's memory up to execve(): fork() would take longer
 * than ld.so does.
 */
static int run(char **argv, char **envp, const int output[2])
{
	static _Alignas(16) char stack[64 << 10];
	struct child c = { argv, envp, output };
	struct sigaction reported = { .sa_handler = SIG_DFL };
	struct sigaction before;
	int status = -1;
	pid_t pid;

	/* A child of a process that ignores SIGCHLD leaves no status. */
	sigaction(SIGCHLD, &reported, &before);
	pid = clone(child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &c);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGCHLD, &before, NULL);
	return status;
}

/* Returns the text in a file; control characters could change what a terminal shows. */
static char *contents(int fd)
{
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char *text = alloc_zeroed(1, end > 0 ? end + 1 : 1);
	ssize_t size = end > 0 ? pread(fd, text, end, 0) : 0;

	for (ssize_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
			text[i] = '?';
	return text;
}

static void add(struct ld_list *list, char *name, const char *path)
{
	const char *slash = strrchr(name, '/');

	list->libraries = alloc_room(list->libraries, list->count, sizeof(*list->libraries));
	list->libraries[list->count++] = (struct ld_library){
		.name = alloc_string(slash ? slash + 1 : name),
		.path = alloc_string(path),
	};
}

/* The kernel provides the vDSO, by one of these names; there is no file. */
static bool is_vdso(const char *name)
{
	return !strncmp(name, "linux-vdso", 10) || !strncmp(name, "linux-gate", 10);
}

/*
 * Lines are "\tNAME => PATH (ADDRESS)", or "\tPATH (ADDRESS)" if the two are the same: the library
 * is preloaded, or in the working directory. "\tstatically linked" stands for no DT_NEEDED.
 */
static void parse(char *text, struct ld_list *list)
{
	static const char arrow[] = " => ";

	for (char *line; (line = strsep(&text, "\n"));) {
		char *end = strrchr(line, '(');
		char *path;

		if (*line != '\t' || !end || end == line + 1 || end[-1] != ' ')
			continue;
		end[-1] = '\0';
		line++;
		path = strstr(line, arrow);
		if (path) {
			*path = '\0';
			add(list, line, path + strlen(arrow));
		} else if (!is_vdso(line)) {
			add(list, line, line);
		}
	}
}

/* Returns the first line without what ld.so puts before the message. */
static char *message_of(const char *text, const char *program)
{
	static const char *const prefixes[] = { ": ", "error while loading shared libraries: ",
						"ERROR: ld.so: " };
	size_t length = strlen(program);

	if (!strncmp(text, program, length))
		text += length;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (!strncmp(text, prefixes[i], strlen(prefixes[i])))
			text += strlen(prefixes[i]);
	return alloc_part(text, strcspn(text, "\n"));
}

/* Returns NULL if the dynamic linker has listed the libraries. */
static char *failure(int status, const char *said)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (status == -1)
		return alloc_format("the dynamic linker was not run: %s", strerror(errno));
	if (signal == SIGALRM)
		return alloc_format("the dynamic linker took more than %d seconds",
				    LD_LIST_SECONDS);
	if (signal == SIGXFSZ)
		return alloc_string("the dynamic linker printed too much");
	if (signal)
		return alloc_format("the dynamic linker was killed by a signal: %s",
				    strsignal(signal));
	if (!WEXITSTATUS(status))
		return NULL;
	if (WEXITSTATUS(status) == LD_CONFINE_FAILED || !*said)
		return alloc_string("the dynamic linker was not run");
	return alloc_string(said);
}

static void list_with(char *linker, char *program, char **envp, struct ld_list *list)
{
	char option[] = "--list";
	char *argv[] = { linker, option, program, NULL };
	int output[2] = { memfd_create("list", MFD_CLOEXEC), memfd_create("said", MFD_CLOEXEC) };
	int status = output[0] < 0 || output[1] < 0 ? -1 : run(argv, envp, output);
	int error = errno;
	char *said = contents(output[1]);
	char *text;

	list->warning = message_of(said, program);
	errno = error;
	list->failure = failure(status, list->warning);
	text = contents(output[0]);
	if (!list->failure)
		parse(text, list);
	free(text);
	free(said);
	for (int i = 0; i < 2; i++)
		if (output[i] >= 0)
			close(output[i]);
}

void ld_list_read(const char *program, const char *preload, const char *library_path,
		  struct ld_list *list)
{
	char *path = resolved(program);
	char **envp = environment(preload, library_path);
	char *linker = NULL;

	*list = (struct ld_list){ 0 };
	dl_iterate_phdr(take_interpreter, &linker);
	if (linker)
		list_with(linker, path, envp, list);
	else
		list->failure = alloc_string("dioshim itself has no dynamic linker");
	free(envp[0]);
	free(envp[1]);
	free(envp);
	free(path);
}

void ld_list_free(struct ld_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->libraries[i].name);
		free(list->libraries[i].path);
	}
	free(list->libraries);
	free(list->failure);
	free(list->warning);
	*list = (struct ld_list){ 0 };
}
