/*
 * Moves the data of a request: the part that does I/O, as plan.h decides.
 *
 * These files and everything they call use no malloc, no stdio and no dlsym, open no descriptor,
 * and need less than 2 KiB of stack. The caller has blocked signals, so no thread enters this code
 * twice.
 *
 * Both functions return the number of bytes moved, or a negative errno.
 */
#ifndef DIOSHIM_MOVE_H
#define DIOSHIM_MOVE_H

#include "descriptor.h"
#include "request.h"

long move_read(struct request *rq, struct descriptor *d);
long move_write(struct request *rq, struct descriptor *d);

#endif
