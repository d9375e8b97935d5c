/* The options of a wrapper in the form that getopt_long(3) takes. */
#ifndef DIOSHIM_WRAPPER_OPTIONS_H
#define DIOSHIM_WRAPPER_OPTIONS_H

#include <getopt.h>

#include "check/wrapper_table.h"

struct wrapper_options {
	char *letters; /* begins with "+": the options end where the operands begin */
	struct option *longs;
	char *names; /* of `longs` */
};

struct wrapper_options *wrapper_options_make(const struct wrapper *w);
void wrapper_options_free(struct wrapper_options *o);

#endif
