/* Ranges of a shared file offset. See offset.h. */
#include "offset.h"

#include "sys.h"

int64_t offset_now(int fd)
{
	return sys(SYS_lseek, fd, 0L, SEEK_CUR);
}

int64_t offset_take(int fd, size_t len)
{
	long end = sys(SYS_lseek, fd, (long)len, SEEK_CUR);

	return end < 0 ? end : end - (long)len;
}

void offset_return(int fd, int64_t end, size_t len)
{
	if (len && offset_now(fd) == end)
		sys(SYS_lseek, fd, -(long)len, SEEK_CUR);
}
