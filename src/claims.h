/*
 * What the calling thread holds in the middle of a call, so that it can be released if a signal
 * handler jumps out of the call.
 *
 * All signals except faults are blocked meanwhile (sigmask.h). A fault in the copy from or to the
 * program's memory means that the memory went away after it was checked: another thread has
 * unmapped it, or another process has truncated the file behind it. The program may have a handler
 * for that, which calls siglongjmp(3), or which reads and writes files itself. The thread's next
 * call then finds this record. It tells the two cases apart by the signal mask, which the jump has
 * restored.
 */
#ifndef DIOSHIM_CLAIMS_H
#define DIOSHIM_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "sigmask.h"

struct gate;

struct claims {
	bool busy;	/* in the middle of a call */
	bool nested;	/* made by a fault handler in another call: it waits for nothing */
	uint8_t bounce; /* slot + 1; 0: none */
	int16_t range;	/* place + 1; 0: none */
	uint32_t piece; /* aio_pool.h; 0: none */
	int number;	/* descriptor number that was entered, + 1; 0: none */
	struct gate *turn;
};

/* initial-exec: the general model may allocate on first access. */
extern __thread struct claims claims
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/*
 * Called before and after a call. `mask` is the signal mask before it. claims_begin() releases what
 * is left of a call that was jumped out of. If a fault handler makes this call in the middle of
 * another, *outer keeps what that one holds.
 */
void claims_begin(struct claims *outer, kernel_sigset mask);
void claims_end(const struct claims *outer);

#endif
