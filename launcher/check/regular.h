/*
 * Opens regular files only: opening a FIFO would block, opening a device may have side effects, and
 * /dev/zero has no end.
 */
#ifndef DIOSHIM_REGULAR_H
#define DIOSHIM_REGULAR_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns a descriptor for reading, or -1 and errno: EACCES if not a regular file, as execve(2). */
static inline int regular_open(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st))
		return -1;
	errno = EACCES;
	if (!S_ISREG(st.st_mode))
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	/* The file may have been replaced since stat(). */
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EACCES;
		return -1;
	}
	return fd;
}

#endif
