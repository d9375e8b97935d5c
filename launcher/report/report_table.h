/* The parts that a report is made of. */
#ifndef DIOSHIM_LAUNCHER_REPORT_TABLE_H
#define DIOSHIM_LAUNCHER_REPORT_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "report/counts.h"
#include "report/verdict.h"

/* "read", "write"; "untouched", ... */
extern const char *const direction_names[RECORD_DIRECTIONS];
extern const char *const way_names[RECORD_WAYS];

/* Prints the table. Returns 0 or an errno. */
int report_table(const struct counted *c, FILE *to);

/* Makes the document that report_json.c describes. Returns NULL if there is no memory. */
json_t *report_json(const struct counted *c, const struct verdict *v);

/* Makes an object of counts by way, and their sum, "all". */
json_t *json_ways(const uint64_t counts[RECORD_WAYS], uint64_t all);

#endif
