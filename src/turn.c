/* Calls that move one offset are serialized. See turn.h. */
#include "turn.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "claims.h"
#include "gate.h"
#include "process.h"

struct gate *turn_take(uint32_t key)
{
	struct gate *g = claims.nested ? NULL : gate_get(key);
	uint32_t ticket, now;

	if (!g)
		return NULL;
	atomic_fetch_add(&process()->turns, 1);
	ticket = atomic_fetch_add(&g->turn_next, 1);
	while (now = atomic_load(&g->turn_now), now != ticket) {
		/* Either the holder sees our sleeper count, or we see that its turn has ended. */
		atomic_fetch_add(&g->turn_sleepers, 1);
		process_wait(&g->turn_now, now);
		atomic_fetch_sub(&g->turn_sleepers, 1);
	}
	claims.turn = g;
	return g;
}

void turn_end(struct gate *g)
{
	if (!g)
		return;
	claims.turn = NULL;
	atomic_fetch_add(&g->turn_now, 1);
	if (atomic_load(&g->turn_sleepers))
		process_wake(&g->turn_now, INT_MAX);
	atomic_fetch_sub(&process()->turns, 1);
	gate_put(g);
}

bool turn_any(void)
{
	struct process *p = process_if_any();

	return p && atomic_load_explicit(&p->turns, memory_order_relaxed);
}
