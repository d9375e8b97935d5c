/* The parts that a report is made of. */
#ifndef DIOSHIM_LAUNCHER_REPORT_TABLE_H
#define DIOSHIM_LAUNCHER_REPORT_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "print/text.h"
#include "report/counts.h"
#include "report/verdict.h"

/* "read", "write"; "untouched", ... */
extern const char *const direction_names[RECORD_DIRECTIONS];
extern const char *const way_names[RECORD_WAYS];

/* A line of the table. */
struct row {
	char name[TEXT_NAME];
	const char *direction; /* "": both */
	struct counts counts;
};

/* The files with a line of their own; the others have one line together. */
enum { TABLE_FILES = 20 };

/* As many rows as there can be: of these files, of the others, and the total. */
enum { TABLE_ROWS = RECORD_DIRECTIONS * TABLE_FILES + 2 };

/* Prints the table, in lines of at most `width` columns; 0: of any width. Returns 0 or an errno. */
int report_table(const struct counted *c, size_t width, FILE *to);

/* The rows in words, for a width that is too small for a table (report_lines.c). */
void report_lines(const struct row *row, size_t rows, size_t width, FILE *to);

/* Prints "1,204 calls (1,000 untouched, 204 bounced)". */
void lines_ways(const struct counts *c, FILE *line);

/* Makes the document that report_json.c describes. Returns NULL if there is no memory. */
json_t *report_json(const struct counted *c, const struct verdict_about *about,
		    const struct verdict *v);

/* Makes an object of counts by way, and their sum, "all". */
json_t *json_ways(const uint64_t counts[RECORD_WAYS], uint64_t all);

#endif
