/* What the counts mean, in words: what was lost and what to change about the program. */
#ifndef DIOSHIM_LAUNCHER_VERDICT_H
#define DIOSHIM_LAUNCHER_VERDICT_H

#include "report/counts.h"

enum {
	VERDICT_LINES = 10,    /* in all, at the most */
	VERDICT_OF_FILE = 3,   /* of one file, at the most */
	VERDICT_LINE = 1536,   /* room for one, its file's name included */
};

struct verdict {
	int lines;
	char line[VERDICT_LINES][VERDICT_LINE];
};

/* Numbers in, words out; the most costly first. */
void verdict_make(const struct counted *c, struct verdict *v);

/* One thing to say about a file, and what it cost, by which such things are put in order. */
struct advice {
	uint64_t cost_ns;
	size_t file;
	char text[VERDICT_LINE];
};

enum { ADVICE_MOST = 4 * RECORD_DIRECTIONS };

/* Everything there is to say about one file (verdict_file.c). Returns how many. */
int verdict_file(const struct counted_file *f, struct advice advice[ADVICE_MOST]);

#endif
