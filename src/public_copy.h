/* The copies between two descriptors, by name (public_copy.c) and by number (public_syscall.c). */
#ifndef DIOSHIM_PUBLIC_COPY_H
#define DIOSHIM_PUBLIC_COPY_H

#include "copy.h"

/* Makes the call, first as it is. Returns its answer, with its errno. */
ssize_t copy_call(const struct copy *c, copy_issue *issue);

#endif
