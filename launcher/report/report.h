/* The reports of --stats and --report, as text and as JSON. */
#ifndef DIOSHIM_LAUNCHER_REPORT_H
#define DIOSHIM_LAUNCHER_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "record.h"
#include "report/counts.h"
#include "report/verdict.h"

/*
 * Prints the report of --stats: a table and the verdict, or a JSON document. `about`: see verdict.h.
 * Returns 0 or an errno.
 */
int report_print(const struct record *rec, const struct verdict_about *about, FILE *to, bool json);

/*
 * For a trace without a report: says that processes still run, in a line that begins with '#', or as an object with
 * "processes_left" and "record".
 */
void report_left(const struct verdict_about *about, FILE *to, bool json);

/*
 * Prints --report=FILE: the calls that the file keeps, and the report if calls were counted.
 * Messages go to stderr. Returns the exit status: 0 or 125.
 */
int report_file(const char *path, FILE *to, bool json);

/* The state of --stats=SECONDS between its lines. report_tick_start() initialises it. */
struct report_tick {
	uint64_t started_ns, last_ns; /* CLOCK_MONOTONIC */
	struct counts total;	      /* of all files, up to the last line */
};

void report_tick_start(struct report_tick *tick, const struct record *rec);

/* Prints one line: the counts since the last one. */
void report_tick(struct report_tick *tick, const struct record *rec, FILE *to, bool json);

#endif
