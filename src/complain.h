/*
 * What the shim has to say to whoever started the program: one line, when the library is loaded, and
 * never later.
 */
#ifndef DIOSHIM_COMPLAIN_H
#define DIOSHIM_COMPLAIN_H

#include <stddef.h>

/*
 * "dioshim: VARIABLE=VALUE: what detail", on stderr. Of the value `len` bytes are shown, or as many as
 * fit on a line. `detail` may be empty.
 */
void complain(const char *variable, const char *value, size_t len, const char *what,
	      const char *detail);

#endif
