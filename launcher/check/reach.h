/*
 * Decides whether the shim can help a command. LD_PRELOAD is interpreted by the dynamic linker, so
 * that depends on the ELF file that the kernel executes in the end: for a script its interpreter,
 * for env the program that it starts.
 *
 * Nothing of the command is executed. Its files may be broken or made to do harm.
 */
#ifndef DIOSHIM_REACH_H
#define DIOSHIM_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "check/covered.h"

enum reach_verdict {
	REACH_YES,
	REACH_NO,      /* the command would run without the shim */
	REACH_UNKNOWN, /* not known whether the shim would be loaded, or would help */
};

/* An ELF file that would be loaded, and what it imports. */
struct reach_object {
	char *name; /* as in DT_NEEDED or LD_PRELOAD; of the program, the last part of its path */
	char *path;
	struct covered_set imports;
	unsigned uncovered;    /* ways that it imports (uncovered.h) */
	bool tries_alignments; /* by misaligned reads (elf_object.h) */
};

struct reach {
	enum reach_verdict verdict;
	char *path;	    /* where the command was found; NULL: not found */
	char *program;	    /* the ELF file that is executed in the end */
	char *reason;	    /* why not REACH_YES, a clause: "it is statically linked" */
	const char *advice; /* what to do then, a clause */
	char *first;	    /* a library that has to be preloaded before the shim; NULL: none */
	char *unchecked;    /* why the program was not looked at; NULL: it was, if need be */
	char *trouble;	    /* the file that an error is about; NULL: the command */
	char **steps;	    /* how the command leads to `program`, one sentence for each step */
	size_t step_count;
	struct reach_object *objects; /* the program, then its libraries, without the C library */
	size_t object_count;	      /* 0: not read; 1: the libraries were not listed */
};

/*
 * Looks at the command that execvp(argv[0], argv) would run with `library` first in LD_PRELOAD.
 * With `libraries`, the dynamic linker lists those of the program, which takes another process. If
 * not, a verdict that depends on them is REACH_UNKNOWN, with neither reason nor advice, and so is one
 * for which libelf would have to be loaded, and cannot be.
 * Returns 0, or the errno of execvp(). The caller calls reach_free() in either case.
 */
int reach_look(char *const argv[], const char *library, bool libraries, struct reach *r);
void reach_free(struct reach *r);

/* Returns the uncovered ways that the program and its libraries import. */
unsigned reach_uncovered(const struct reach *r);

#endif
