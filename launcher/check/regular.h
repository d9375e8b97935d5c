/*
 * Opening what may be anything: a FIFO would block, a device may act on being opened, /dev/zero has
 * no end. Only a regular file is opened.
 */
#ifndef DIOSHIM_REGULAR_H
#define DIOSHIM_REGULAR_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor for reading; -1 and errno, EACCES if it is no regular file, as execve(2) says. */
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
	/* It may have been replaced since. */
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EACCES;
		return -1;
	}
	return fd;
}

#endif
