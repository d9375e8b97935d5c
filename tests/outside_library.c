/* A library for outside.c to open. */
#include <unistd.h>

ssize_t library_pwrite(int fd, const void *buf, size_t n, off_t pos);

ssize_t library_pwrite(int fd, const void *buf, size_t n, off_t pos)
{
	return pwrite(fd, buf, n, pos);
}
