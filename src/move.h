/*
 * How a request is moved: the part that does I/O, as plan.h says.
 *
 * What binds these files, and all they call: no malloc, no stdio, no dlsym, no descriptor opened,
 * less than 2 KiB of stack; signals are blocked by the caller, so nothing here is entered twice by
 * one thread.
 *
 * Both return the count of bytes moved, or a negative errno.
 */
#ifndef DIOSHIM_MOVE_H
#define DIOSHIM_MOVE_H

#include "descriptor.h"
#include "request.h"

long move_read(struct request *rq, struct descriptor *d);
long move_write(struct request *rq, struct descriptor *d);

#endif
