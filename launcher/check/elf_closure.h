/* A program and the libraries that the dynamic linker would load at its start, found as it does. */
#ifndef DIOSHIM_ELF_CLOSURE_H
#define DIOSHIM_ELF_CLOSURE_H

#include <stddef.h>

#include "check/elf_object.h"

struct elf_member {
	char *name; /* as DT_NEEDED has it */
	char *path; /* NULL: not found */
	struct elf_object object;
	size_t loader; /* the member that asked for it first */
};

struct elf_closure {
	struct elf_member *members; /* the program is the first */
	size_t count;
};

/* `object`, which was read from `path`, passes to the closure. */
void elf_closure_read(struct elf_closure *c, const char *path, struct elf_object *object,
		      const char *library_path);
void elf_closure_free(struct elf_closure *c);

#endif
