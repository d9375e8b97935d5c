/* Prints the results of --probe, as a table or as JSON. */
#ifndef DIOSHIM_LAUNCHER_PROBE_PRINT_H
#define DIOSHIM_LAUNCHER_PROBE_PRINT_H

#include <stdbool.h>

#include "print/errno_names.h"
#include "probe/probe_result.h"

/* Prints on stdout. Returns false after a message on failure. */
bool probe_print(const struct probe *probes, int count, bool json);

/* The JSON document (probe_json.c). Returns false if it could not be made or written. */
bool probe_print_json(const struct probe *probes, int count);

/* Returns the word for a result; NULL if the call was not tried. */
const char *probe_word(const struct probe_answer *a, char text[ERRNO_NAME]);

#endif
