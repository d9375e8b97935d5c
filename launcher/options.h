/* The command line of the launcher. */
#ifndef DIOSHIM_OPTIONS_H
#define DIOSHIM_OPTIONS_H

#include <stdbool.h>

enum mode {
	MODE_RUN,
	MODE_CHECK,
	MODE_PROBE,
	MODE_REPORT,
	MODE_HELP,
	MODE_VERSION,
};

struct options {
	enum mode mode;
	bool stats;
	bool trace;
	bool json;
	bool try;
	bool strict;
	bool quiet;
	unsigned seconds;       /* between the lines of --stats; 0: none but the report */
	const char *trace_file; /* NULL: stderr */
	const char *output;     /* NULL: stderr */
	const char *bounce_max; /* NULL: as the environment has it */
	const char *disable;    /* the same */
	const char *report;
	char **operands;        /* COMMAND and its arguments, or PATHs; ended by NULL */
	int operand_count;
};

/* False if the line makes no sense; what is wrong with it has been said. */
bool options_parse(int argc, char **argv, struct options *o);

#endif
