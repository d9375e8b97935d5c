/*
 * A look at the head of a program, for the start of each COMMAND: libelf, which reach.c needs, takes longer to load than
 * most programs.
 */
#ifndef DIOSHIM_QUICK_H
#define DIOSHIM_QUICK_H

#include <stdbool.h>

/*
 * Returns whether `program` is an ordinary one, of which reach_look() without libraries would have nothing to say: an
 * ELF file for the launcher's own machine and for that of `library`, with the GNU C library's dynamic linker, without
 * privileges, not made by the Go compiler, and not linked with a library that has to be first. False if in doubt.
 */
bool quick_is_ordinary(const char *program, const char *library);

#endif
