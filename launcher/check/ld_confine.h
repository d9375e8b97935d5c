/* Confines a child process before it executes the dynamic linker on a file that is not trusted. */
#ifndef DIOSHIM_LD_CONFINE_H
#define DIOSHIM_LD_CONFINE_H

#include <stdbool.h>

enum {
	LD_CONFINE_OUTPUT = 1 << 20, /* bytes that the child can write to a file */
	LD_CONFINE_FAILED = 124,     /* for the child's exit status; ld.so itself uses 1 and 127 */
};

/*
 * Makes /dev/null and the two of `output` the descriptors 0 to 2, closes all others, ends the
 * process by SIGALRM after `seconds`, and by SIGXFSZ if it writes too much. From then on it can
 * execute nothing but `linker` (the very string), and with that read files and write its output.
 * Returns false if the descriptors could not be set up.
 */
bool ld_confine(unsigned seconds, const int output[2], const char *linker);

#endif
