/* What a verdict is made of: shared by reach.c and reach_decide.c. */
#ifndef DIOSHIM_REACH_DECIDE_H
#define DIOSHIM_REACH_DECIDE_H

#include <stdbool.h>

#include "check/elf_object.h"
#include "check/reach.h"

/*
 * Sets the verdict. `what` is a clause without its subject: "is statically linked". The subject is
 * "it" if the program is the command itself; if the command leads to another one, its path.
 */
void reach_decide(struct reach *r, enum reach_verdict verdict, const char *what,
		  const char *advice);

/* Sets the verdict on a program by itself. Returns false if it depends on the libraries. */
bool reach_decide_program(struct reach *r, const struct elf_object *o,
			  const struct elf_object *shim);

#endif
