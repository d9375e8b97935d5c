/* The verdict: what misalignment cost, and what to change in the program, in sentences. */
#ifndef DIOSHIM_LAUNCHER_VERDICT_H
#define DIOSHIM_LAUNCHER_VERDICT_H

#include <stdbool.h>

#include "report/counts.h"

enum {
	VERDICT_LINES = 12,  /* at most, in all */
	VERDICT_LINE = 1536, /* bytes of one, with a file name and a NUL */
};

struct verdict {
	int lines;
	char line[VERDICT_LINES][VERDICT_LINE];
};

/* What else is known of the program. */
struct verdict_about {
	bool ended; /* it has ended, with this exit status, or with 128 + a signal */
	int status;
	unsigned left;	    /* processes that it has started and that still run, and are recorded */
	const char *record; /* where the record can be read while they run; NULL: nowhere */
};

/* Writes the verdict; the most costly advice comes first. `about`: NULL if nothing else is known. */
void verdict_make(const struct counted *c, const struct verdict_about *about, struct verdict *v);

/* Writes the sentences about processes that still run, which the verdict has, too. */
void verdict_left(const struct verdict_about *about, char line[VERDICT_LINE]);

/* A sentence about files, and the estimated cost by which sentences are sorted. */
struct advice {
	uint64_t cost_ns;
	char text[VERDICT_LINE];
};

/*
 * Writes all advice, the most costly first; advice that is the same for several files is one sentence (advice.c).
 * Returns an array to be freed, and its length in `*count`.
 */
struct advice *advice_make(const struct counted *c, size_t *count);

#endif
