/*
 * Can the shim help a command? LD_PRELOAD is the dynamic linker's doing, so the answer stands in
 * the ELF file that the kernel would end up with: behind scripts (#!), behind env and its kind.
 *
 * Nothing of the command is run or loaded here; its files are read and, however broken they are,
 * believed no further than they are long.
 */
#ifndef DIOSHIM_REACH_H
#define DIOSHIM_REACH_H

#include <stddef.h>
#include <stdint.h>

enum reach_verdict {
	REACH_YES,
	REACH_NO,      /* it will run, and the shim will not be in it */
	REACH_UNKNOWN, /* the shim may be in it, and nothing shows what it could do there */
};

/* One object of the program, and which of the covered symbols it imports (covered.h). */
struct reach_object {
	char *name; /* as a DT_NEEDED names it; the program's own is the last part of its path */
	char *path; /* NULL: not found */
	uint64_t imports;
};

struct reach {
	enum reach_verdict verdict;
	char *path;            /* where the command was found; NULL: nowhere */
	char *program;         /* the ELF file that runs in the end */
	char *reason;          /* one clause, "it is statically linked"; NULL with REACH_YES */
	const char *advice;    /* what to do instead, one clause; NULL with REACH_YES */
	char *trouble;         /* where reach_look() failed: on which file, if not on the command */
	char **steps;          /* how the command became `program`: a line each */
	size_t step_count;
	struct reach_object *objects; /* the program, then its libraries without the C library */
	size_t object_count;
};

/*
 * Look at the command that execvp(argv[0], argv) would run with LD_PRELOAD=library. 0, or the errno
 * that execvp() would fail with. In either case reach_free() is due.
 */
int reach_look(char *const argv[], const char *library, struct reach *r);
void reach_free(struct reach *r);

/*
 * All of --check: the answer, for people, on stdout. The exit status: 0 if within reach, 1 if not
 * or if that cannot be told (a script that asks wants a promise), 126 or 127 as for running it.
 */
int reach_check(char *const argv[], const char *library);

/* One line on stderr if the verdict is REACH_NO; nothing otherwise. */
void reach_warn(const char *command, const struct reach *r);

#endif
