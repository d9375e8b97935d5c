/*
 * What the calling thread holds in the middle of a call: so that it can be given back if a handler jumps
 * out of the call.
 *
 * All signals but faults are blocked meanwhile (sigmask.h). A fault in the copy from or to the program's
 * memory means that the memory went away after it was checked: another thread has unmapped it, or another
 * process has truncated the file behind it. The program may have a handler for that, which does
 * siglongjmp(3), or reads and writes files itself. The thread's next call then finds this record. It tells
 * the two cases apart by the signal mask, which the jump has restored.
 */
#ifndef DIOSHIM_CLAIMS_H
#define DIOSHIM_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "sigmask.h"

struct gate;

struct claims {
	bool busy;         /* in the middle of a call */
	bool nested;       /* which a fault's handler makes in the middle of another: it waits for nothing */
	uint8_t bounce;    /* slot, plus one; 0: none */
	int16_t range;     /* place, plus one */
	int number;        /* that was entered, plus one */
	struct gate *turn;
};

/* initial-exec: the general model may allocate on first access. */
extern __thread struct claims claims
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/*
 * Around a call. `mask` is the signal mask as it was before. Gives back what a call that was jumped out of
 * has left. *outer keeps what a call that goes on afterwards holds.
 */
void claims_begin(struct claims *outer, kernel_sigset mask);
void claims_end(const struct claims *outer);

#endif
