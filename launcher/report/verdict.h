/* The verdict: what misalignment cost, and what to change in the program, in sentences. */
#ifndef DIOSHIM_LAUNCHER_VERDICT_H
#define DIOSHIM_LAUNCHER_VERDICT_H

#include "report/counts.h"

enum {
	VERDICT_LINES = 10,  /* at most, in all */
	VERDICT_OF_FILE = 3, /* at most, of one file */
	VERDICT_LINE = 1536, /* bytes of one, with a file name and a NUL */
};

struct verdict {
	int lines;
	char line[VERDICT_LINES][VERDICT_LINE];
};

/*
 * Writes the verdict; the most costly advice comes first. `unseen` is a way to transfer data that the program can
 * use and the shim does not see, with what to do, or NULL.
 */
void verdict_make(const struct counted *c, const char *unseen, struct verdict *v);

/* A sentence about a file, and the estimated cost by which sentences are sorted. */
struct advice {
	uint64_t cost_ns;
	size_t file;
	char text[VERDICT_LINE];
};

enum { ADVICE_MOST = 4 * RECORD_DIRECTIONS };

/* Writes all advice about one file (verdict_file.c), without `file`. Returns how many there are. */
int verdict_file(const struct counted_file *f, struct advice advice[ADVICE_MOST]);

#endif
