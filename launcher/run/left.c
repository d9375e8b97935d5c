/*
 * See left.h.
 *
 * A process under the shim has the record file mapped, and no descriptor of it. Sealing the file against writes fails
 * as long as somebody has (F_SEAL_WRITE, fcntl(2)): one system call, where looking through /proc costs one for each
 * process of the machine. The launcher's own mapping is of a read-only descriptor and does not count.
 */
#include "run/left.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"

static bool is_written_to(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) && errno == EBUSY;
}

/* Whether a process has the file mapped: proc(5), /proc/PID/maps. */
static bool has_mapped(const char *pid, ino_t inode)
{
	char *path = alloc_format("/proc/%s/maps", pid);
	FILE *maps = fopen(path, "re");
	bool found = false;
	unsigned long there;
	char *line = NULL;
	size_t room = 0;

	free(path);
	if (!maps)
		return false;
	while (!found && getline(&line, &room, maps) > 0)
		found = sscanf(line, "%*s %*s %*s %*s %lu", &there) == 1 && there == inode &&
			strstr(line, "/memfd:dioshim");
	free(line);
	fclose(maps);
	return found;
}

unsigned left_count(int fd)
{
	long own = getpid();
	struct dirent *entry;
	unsigned count = 0;
	struct stat st;
	DIR *proc;

	if (!is_written_to(fd) || fstat(fd, &st))
		return 0;
	proc = opendir("/proc");
	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name) &&
		    strtol(entry->d_name, NULL, 10) != own)
			count += has_mapped(entry->d_name, st.st_ino);
	if (proc)
		closedir(proc);
	/* There is one that may not be looked at, unless it has ended meanwhile. */
	return count ? count : is_written_to(fd);
}

static void close_all_but(int fd)
{
	if (fd)
		syscall(SYS_close_range, 0, fd - 1, 0);
	syscall(SYS_close_range, fd + 1, ~0U, 0);
}

/*
 * A mapping that ends closes the file that it was made of, which inotify(7) tells. Looks once a minute, too, in case
 * there is no inotify.
 */
__attribute__((noreturn)) static void keep(int fd)
{
	struct pollfd events = { .events = POLLIN };
	char buffer[4096];
	sigset_t none;
	char *path;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	close_all_but(fd);
	if (chdir("/"))
		_exit(1);
	path = alloc_format("/proc/self/fd/%d", fd);
	events.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	inotify_add_watch(events.fd, path, IN_CLOSE);
	while (is_written_to(fd)) {
		poll(&events, 1, 60000);
		while (read(events.fd, buffer, sizeof(buffer)) > 0)
			;
	}
	_exit(0);
}

char *left_keep(int fd)
{
	pid_t pid = fork();

	if (!pid)
		keep(fd);
	return pid < 0 ? NULL : alloc_format("/proc/%ld/fd/%d", (long)pid, fd);
}
