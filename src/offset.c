/* Ranges of a shared file offset. See offset.h. */
#include "offset.h"

#include "sys64.h"

int64_t offset_now(int fd)
{
	return sys_lseek(fd, 0, SEEK_CUR);
}

int64_t offset_take(int fd, size_t len)
{
	int64_t end = sys_lseek(fd, (int64_t)len, SEEK_CUR);

	return end < 0 ? end : end - (int64_t)len;
}

void offset_return(int fd, int64_t end, size_t len)
{
	if (len && offset_now(fd) == end)
		sys_lseek(fd, -(int64_t)len, SEEK_CUR);
}
