/*
 * Runs a scenario in all orders with a limited number of preemptions.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_SEARCH_H
#define DIOSHIM_TEST_INTERLEAVE_SEARCH_H

#include "interleave_run.h"

/* The reference runs use this bound. No scenario has enough calls to need more. */
enum { BOUND_MAX = 9 };

struct tally_of_orders {
	long orders, steps, diverged;
	bool cut; /* the limit was reached before all orders were run */
};

typedef void visitor(struct run *r, int preemptions, void *context);

/* Makes at most `limit` runs, with few preemptions first, and calls `visit` after each. */
struct tally_of_orders search(struct run *r, struct setting *setting, int bound, long limit,
			      visitor *visit, void *context);

#endif
