/*
 * Calls of which only the address is misaligned: the same call from a bounce buffer.
 *
 * The kernel decides everything else about them, as about a call that goes to it as it is (pass.h),
 * so nothing has to be asked about the file first. That saves two system calls of six, F_GETFL and
 * statx(2); statx(2) alone at an implied offset.
 *
 * While calls are recorded, none is made here: a record says more about a call (its file, its alignments)
 * than is found out on this path. They are made, and counted as bounced, on the usual one (rescue.h).
 */
#ifndef DIOSHIM_ADDRESS_H
#define DIOSHIM_ADDRESS_H

#include <stdbool.h>

#include "request.h"

/*
 * Makes the call, if it is one of these, short, and known as such by the hint of its number
 * (hint.h). Returns false if it is not, or if the kernel's answer has to be examined; then
 * nothing has been moved. *answer: the count, or a negative errno.
 */
bool address_call(struct request *rq, long *answer);

#endif
