/*
 * Calls that go to the kernel as they are, on a descriptor that is known to be direct.
 *
 * Usually nothing else is needed: nobody has O_DIRECT off on the description (window.h) and nobody
 * moves its offset in several steps (turn.h), neither before the call nor after it. A call that
 * finds somebody doing so waits for its turn. Only such calls enter the gate, with signals blocked:
 * if all calls did, one that a signal handler jumps out of would be counted there for ever. So a
 * call that began in time may still meet a window; then its range is brought to the device before
 * it returns.
 */
#ifndef DIOSHIM_PASS_H
#define DIOSHIM_PASS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "claims.h"
#include "description.h"
#include "sigmask.h"
#include "turn.h"
#include "window.h"

/* A call in progress. */
struct pass {
	int fd;
	uint32_t key;
	uint32_t generation; /* of the number, when the call began */
	uint64_t since;	     /* window_now() */
	bool met;	     /* a window was open when it began, or was opened since */
	bool waited;	     /* it has entered the gate, and signals are blocked */
	struct gate *gate;
	struct gate *turn; /* null unless it has waited for one */
	struct sigmask signals;
	struct claims outer;
};

/* The slow part of pass_begin(). `implied`: the call uses the description's offset. */
void pass_wait(struct pass *p, bool implied);

/* Leaves what pass_wait() entered. */
void pass_leave(struct pass *p);

/*
 * Settles a call that met a window and has moved `ret` bytes at `pos` (negative: at the
 * description's offset). Returns what the program gets: `ret`, or -1 with errno set if the bytes
 * could not be brought to the device.
 */
ssize_t pass_settle(struct pass *p, bool write, int64_t pos, ssize_t ret);

static inline void pass_begin(struct pass *p, int fd, bool implied)
{
	*p = (struct pass){ .fd = fd, .key = description_key(fd) };
	p->since = window_now(p->key);
	p->generation = description_generation(fd);
	if (unlikely(window_count(p->since) || (implied && turn_any())))
		pass_wait(p, implied);
}

static inline ssize_t pass_end(struct pass *p, bool write, int64_t pos, ssize_t ret)
{
	if (unlikely(p->waited))
		pass_leave(p);
	if (unlikely(p->met || window_met(p->key, p->since)))
		return pass_settle(p, write, pos, ret);
	return ret;
}

#endif
