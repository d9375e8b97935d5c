/* Memory that a copy passes through. See copy_buffer.h. */
#include "copy_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include "sys64.h"

bool copy_buffer_map(struct copy_buffer *b, size_t len)
{
	size_t page = (size_t)getpagesize();
	size_t size = ((len + page - 1) & ~(page - 1)) + page;
	long addr = sys_mmap(size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);

	*b = (struct copy_buffer){ 0 };
	if (sys_failed(addr))
		return false;
	/* Not in a child that is forked during direct I/O (open(2), O_DIRECT, "Notes"). */
	sys(SYS_madvise, addr, size, MADV_DONTFORK);
	*b = (struct copy_buffer){ (char *)addr, size };
	return true;
}

void copy_buffer_unmap(struct copy_buffer *b)
{
	if (b->map)
		sys(SYS_munmap, b->map, b->size);
	b->map = NULL;
}
