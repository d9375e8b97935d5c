/*
 * A malloc replacement that keeps a record of its calls in an O_DIRECT file: record n is at
 * n * MALLOC_RECORD, written from inside malloc and read back. The loader calls it before any
 * constructor has run, so the file comes as an inherited descriptor.
 */
#include "coexistence.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

atomic_uint coexistence_malloc_count;
atomic_bool coexistence_malloc_forbidden;

enum { ARENA = 64 << 20, ALIGN = 64, MOST_RECORDS = 2000 };

static unsigned char *arena;
static atomic_size_t used;

static void record(void)
{
	unsigned char buffer[MALLOC_RECORD + 2], *bytes = (unsigned char *)((uintptr_t)buffer | 1);
	unsigned n = atomic_fetch_add(&coexistence_malloc_count, 1);
	off_t at = (off_t)n * MALLOC_RECORD;

	if (n >= MOST_RECORDS)
		return;
	memset(bytes, (int)(n % 250 + 1), MALLOC_RECORD);
	must(pwrite(MALLOC_FD, bytes, MALLOC_RECORD, at) == MALLOC_RECORD);
	bytes[0] = bytes[MALLOC_RECORD - 1] = 0;
	must(pread(MALLOC_FD, bytes, MALLOC_RECORD, at) == MALLOC_RECORD);
	must(bytes[0] == n % 250 + 1 && bytes[MALLOC_RECORD - 1] == n % 250 + 1);
}

/*
 * Returns `size` bytes. The loader makes the first call, so only one thread runs when the arena is
 * mapped.
 */
static unsigned char *take(size_t size)
{
	if (!arena) {
		void *got = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		must(got != MAP_FAILED);
		arena = got;
	}
	return arena + atomic_fetch_add(&used, size);
}

/* Stores the size before the block, for realloc. Blocks are never reused. */
static void *allocate(size_t align, size_t size)
{
	int saved = errno;
	unsigned char *block;

	must(!atomic_load(&coexistence_malloc_forbidden));
	record();
	errno = saved;
	must(size < ARENA / 4 && align <= 4096);
	block = take((size + 2 * align + 2 * ALIGN) / ALIGN * ALIGN);
	must(block + size + 2 * align + 2 * ALIGN < arena + ARENA);
	block = (unsigned char *)(((uintptr_t)block + sizeof(size) + align - 1) & ~(align - 1));
	memcpy(block - sizeof(size), &size, sizeof(size));
	return block;
}

void *malloc(size_t size)
{
	return allocate(ALIGN, size);
}

void *calloc(size_t count, size_t size)
{
	return allocate(ALIGN, count * size);
}

void *realloc(void *old, size_t size)
{
	unsigned char *block = allocate(ALIGN, size);
	size_t old_size;

	if (!old)
		return block;
	memcpy(&old_size, (unsigned char *)old - sizeof(size), sizeof(size));
	return memcpy(block, old, old_size < size ? old_size : size);
}

void free(void *block)
{
	(void)block;
}

void *memalign(size_t align, size_t size)
{
	return allocate(align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return allocate(align, size);
}

int posix_memalign(void **block, size_t align, size_t size)
{
	*block = allocate(align, size);
	return 0;
}

/* Runs before the shim's constructor if this library is preloaded after the shim. */
__attribute__((constructor)) static void constructor(void)
{
	free(malloc(1));
}
