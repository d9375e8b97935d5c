/* What the calling thread holds in the middle of a call. See claims.h. */
#include "claims.h"

#include "aio_pool.h"
#include "bounce.h"
#include "number.h"
#include "range.h"
#include "turn.h"

__thread struct claims claims __attribute__((tls_model("initial-exec")));

static void give_back(const struct claims *left)
{
	struct bounce b = { .size = 1, .slot = left->bounce - 1 };

	if (left->bounce)
		bounce_put(&b);
	if (left->piece)
		aio_pool_put(left->piece);
	if (left->range)
		range_end(left->range - 1);
	turn_end(left->turn);
	/* In the child of a fork the counts have been wiped already. */
	if (left->number && number_busy(left->number - 1))
		number_leave(left->number - 1);
}

/*
 * Returns whether this is the mask of a call in progress. No program can have all these signals
 * blocked: the C library reserves two for itself, and leaves them out of all masks (signal(7)).
 */
static bool inside_a_call(kernel_sigset mask)
{
	return (mask & SIGMASK_BLOCKED) == SIGMASK_BLOCKED;
}

void claims_begin(struct claims *outer, kernel_sigset mask)
{
	const struct claims left = claims;

	*outer = (struct claims){ 0 };
	if (left.busy && inside_a_call(mask))
		*outer = left;
	else if (left.busy)
		give_back(&left);
	claims = (struct claims){ .busy = true, .nested = outer->busy };
}

void claims_end(const struct claims *outer)
{
	claims = *outer;
}
