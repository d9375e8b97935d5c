/*
 * All orders of a scenario with at most so many preemptions.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_SEARCH_H
#define DIOSHIM_TEST_INTERLEAVE_SEARCH_H

#include "interleave_run.h"

/* The last is more than the calls of any scenario have use for. */
enum { BOUND_MAX = 9 };

struct tally_of_orders {
	long orders, steps, diverged;
	bool cut; /* by the limit, before all were tried */
};

typedef void visitor(struct run *r, int preemptions, void *context);

/* Calls `visit` after each run, those with fewer preemptions first. At most `limit` runs. */
struct tally_of_orders search(struct run *r, struct setting *setting, int bound, long limit,
			      visitor *visit, void *context);

#endif
