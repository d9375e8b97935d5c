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
	bool no_io_uring;
	unsigned seconds;	/* of --stats=SECONDS; 0: only the report at the end */
	const char *trace_file; /* NULL: stderr */
	const char *output;	/* NULL: stderr */
	const char *bounce_max; /* NULL: DIOSHIM_BOUNCE_MAX stays as it is */
	const char *disable;	/* NULL: DIOSHIM_DISABLE stays as it is */
	const char *refused;	/* NULL: DIOSHIM_REFUSED stays as it is */
	const char *report;
	char **operands; /* COMMAND and its arguments, or PATHs; NULL-terminated */
	int operand_count;
};

/* Parses the command line. Returns false after a message if it is invalid. */
bool options_parse(int argc, char **argv, struct options *o);

/* Returns whether the files of --refused=buffered are to be named at the end. */
bool options_name_refused(const struct options *o);

#endif
