/*
 * Memory that a copy passes through: mapped for one call, and unmapped before the call returns.
 *
 * It is no bounce buffer (bounce.h), because the reads and writes of a copy may need one of those
 * themselves, and a thread holds only one at a time.
 */
#ifndef DIOSHIM_COPY_BUFFER_H
#define DIOSHIM_COPY_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct copy_buffer {
	char *map;
	size_t size;
};

/* Maps room for `len` bytes at any offset within a page. Returns false if there is no memory. */
bool copy_buffer_map(struct copy_buffer *b, size_t len);
void copy_buffer_unmap(struct copy_buffer *b);

/* Returns the address in it that is as far from a page boundary as `pos` is. */
static inline char *copy_buffer_at(const struct copy_buffer *b, int64_t pos, size_t page)
{
	return b->map + ((uint64_t)pos & (page - 1));
}

#endif
