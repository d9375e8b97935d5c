/*
 * Asks the dynamic linker for the libraries of a program: ld.so --list. It maps the program and its
 * libraries, executes nothing in them (no constructor, no IFUNC resolver), and exits.
 *
 * The dynamic linker is the launcher's own: a file may name any program as its PT_INTERP. It runs
 * confined (ld_confine.h), since a file made for it could take the dynamic linker over.
 */
#ifndef DIOSHIM_LD_LIST_H
#define DIOSHIM_LD_LIST_H

#include <stddef.h>

struct ld_library {
	char *name; /* as DT_NEEDED or LD_PRELOAD has it */
	char *path;
};

struct ld_list {
	struct ld_library *libraries; /* in search order, the dynamic linker itself included */
	size_t count;
	char *failure; /* why there is no list, for people; NULL: there is one */
	char *warning; /* what the dynamic linker wrote on stderr; "" if nothing */
};

/* The longest that ld_list_read() waits. */
enum { LD_LIST_SECONDS = 5 };

/*
 * Lists the libraries of `program`, an ELF file with a PT_INTERP that fits the launcher's own class
 * and machine, as they would be loaded with these values of LD_PRELOAD and LD_LIBRARY_PATH (NULL:
 * not set). The caller frees the list, also after a failure.
 */
void ld_list_read(const char *program, const char *preload, const char *library_path,
		  struct ld_list *list);
void ld_list_free(struct ld_list *list);

#endif
