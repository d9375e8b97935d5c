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

void offset_give_back(int fd, size_t len)
{
	if (len)
		sys(SYS_lseek, fd, -(long)len, SEEK_CUR);
}
