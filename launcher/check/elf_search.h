/* Where the dynamic linker looks for a library: ld.so(8), "the order in which it is searched". */
#ifndef DIOSHIM_ELF_SEARCH_H
#define DIOSHIM_ELF_SEARCH_H

#include <stdbool.h>

#include "check/elf_closure.h"
#include "check/ld_cache.h"

struct elf_search {
	const struct elf_closure *closure; /* for DT_RPATH, and what a library has to fit */
	const char *library_path;          /* LD_LIBRARY_PATH; NULL: none */
	struct ld_cache cache;
};

/*
 * The library `name` for the member `loader`: its path, for free(), and what is in it. NULL: not
 * found. A library in a glibc-hwcaps directory is taken for the plain one, whose imports it shares.
 */
char *elf_search(const struct elf_search *s, const char *name, size_t loader, struct elf_object *o);

#endif
