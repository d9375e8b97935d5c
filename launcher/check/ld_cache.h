/* /etc/ld.so.cache: where ldconfig found the libraries of the system's directories. */
#ifndef DIOSHIM_LD_CACHE_H
#define DIOSHIM_LD_CACHE_H

#include <stddef.h>

struct ld_cache {
	char *bytes; /* NULL: none, or not of the format known here; then nothing is found in it */
	size_t size;
};

void ld_cache_read(struct ld_cache *cache);
void ld_cache_free(struct ld_cache *cache);

/*
 * The next path for the library `name`; *at begins at 0. NULL: no more. There may be several, of
 * other classes of ELF files and for other processors.
 */
const char *ld_cache_find(const struct ld_cache *cache, const char *name, size_t *at);

#endif
