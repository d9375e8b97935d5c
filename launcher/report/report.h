/* What was counted, for people and for programs. */
#ifndef DIOSHIM_LAUNCHER_REPORT_H
#define DIOSHIM_LAUNCHER_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "record.h"

/* The report of --stats: a table and the verdict, or one JSON document. 0, or an errno. */
int report_print(const struct record *rec, FILE *to, bool json);

/*
 * All of --report=FILE: the calls that are kept there, and the report if calls were counted.
 * Messages go to stderr. Returns an exit status: 0, or 125.
 */
int report_file(const char *path, FILE *to, bool json);

/* Where a series of lines stands (--stats=SECONDS). It begins with report_tick_start(). */
struct report_tick {
	uint64_t started_ns, last_ns; /* CLOCK_MONOTONIC */
	uint64_t calls[RECORD_WAYS], bytes[RECORD_WAYS]; /* of all files, at the last line */
};

void report_tick_start(struct report_tick *tick, const struct record *rec);

/* One line: what was counted since the last one. */
void report_tick(struct report_tick *tick, const struct record *rec, FILE *to, bool json);

#endif
