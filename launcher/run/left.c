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
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "run/running.h"

static bool is_written_to(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) && errno == EBUSY;
}

unsigned left_count(int fd, const char *name, pid_t command)
{
	struct running now;
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	now = running_settled(st.st_ino, name, command);
	if (now.mapped)
		return now.mapped;
	if (!is_written_to(fd))
		return 0;
	now = running_look(st.st_ino, name, 0);
	/* There is one that may not be looked at, unless it has ended meanwhile. */
	return now.mapped ? now.mapped : is_written_to(fd);
}

/* By the list, not by close_range(2), which Linux has since 5.9. */
static void close_all_but(int fd)
{
	DIR *numbers = opendir("/proc/self/fd");
	struct dirent *entry;

	while (numbers && (entry = readdir(numbers))) {
		int n = isdigit((unsigned char)*entry->d_name) ? atoi(entry->d_name) : fd;

		if (n != fd && n != dirfd(numbers))
			close(n);
	}
	if (numbers)
		closedir(numbers);
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
