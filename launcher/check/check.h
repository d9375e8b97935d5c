/* Prints what reach.h has found out about a command. */
#ifndef DIOSHIM_CHECK_H
#define DIOSHIM_CHECK_H

#include <stdbool.h>

#include "check/reach.h"

/*
 * Prints the verdict on a command to stdout, as text or as JSON (check_json.c). Returns the exit
 * status of --check: 0 if within reach; 1 if out of reach or unknown, so that a script can rely
 * on 0; 126 or 127, with a message on stderr and nothing on stdout, if it cannot be executed.
 */
int check_command(char *const argv[], const char *library, bool json);

/*
 * For a command that is to be started. Returns whether it is out of reach, or could not be looked at, and if `warn` is
 * set, says so in one line on stderr. `*first` becomes a library that has to be preloaded before the shim, to be freed,
 * or NULL.
 */
bool check_before(char *const argv[], const char *library, bool warn, char **first);

/* "within reach", "out of reach", "cannot tell" */
const char *check_verdict(enum reach_verdict verdict);

/* What else there is to say of an object, a sentence, to be freed; NULL: nothing. */
char *check_note(const struct reach_object *o);

/* Prints the JSON document. */
void check_print_json(const struct reach *r);

#endif
