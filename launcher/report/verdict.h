/* The verdict: what misalignment cost, and what to change in the program, in sentences. */
#ifndef DIOSHIM_LAUNCHER_VERDICT_H
#define DIOSHIM_LAUNCHER_VERDICT_H

#include <stdbool.h>

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

/* What else is known of the program. */
struct verdict_about {
	const char *
		unseen; /* a way to transfer data that it can use and the shim does not see; NULL: none */
	bool ended; /* it has ended, with this exit status, or with 128 + a signal */
	int status;
};

/* Writes the verdict; the most costly advice comes first. `about`: NULL if nothing else is known. */
void verdict_make(const struct counted *c, const struct verdict_about *about, struct verdict *v);

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
