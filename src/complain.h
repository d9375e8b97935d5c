/*
 * Messages to the user who started the program: one line each, while the library is loaded, and
 * never later.
 */
#ifndef DIOSHIM_COMPLAIN_H
#define DIOSHIM_COMPLAIN_H

#include <stddef.h>

/*
 * Prints "dioshim: VARIABLE=VALUE: ", `what` and `detail` as one line on stderr. Of the value `len`
 * bytes are shown, at most 256. `detail` may be empty.
 */
void complain(const char *variable, const char *value, size_t len, const char *what,
	      const char *detail);

#endif
