/* All orders with at most so many preemptions. See interleave_search.h. */
#include "interleave_search.h"

#include <stdlib.h>
#include <string.h>

#include "stress_util.h"

/* The choices with which an order begins; after them nobody is preempted. */
struct beginning {
	struct beginning *next;
	uint32_t history; /* of the steps before the last choice, when it was thought of */
	int len;
	uint8_t choices[];
};

/* By the number of their preemptions. */
struct agenda {
	struct beginning *first[BOUND_MAX + 1];
	long count[BOUND_MAX + 1];
};

static void plan(struct agenda *a, const struct run *r, int at, int other, int preemptions)
{
	struct beginning *b = malloc(sizeof(*b) + (size_t)at + 1);

	if (!b)
		die("no memory");
	b->len = at + 1;
	for (int i = 0; i < at; i++)
		b->choices[i] = r->choices[i].chosen;
	b->choices[at] = (uint8_t)other;
	b->history = r->choices[at].history;
	b->next = a->first[preemptions];
	a->first[preemptions] = b;
	a->count[preemptions]++;
}

/* What else could have been chosen at a point. */
static void plan_at(struct agenda *a, const struct run *r, int at, int preemptions, int bound)
{
	const struct choice *c = &r->choices[at];

	if (!c->forced && (c->fruitless || preemptions == bound))
		return;
	for (int other = 0; other < ACTORS_MAX; other++) {
		if (!(c->enabled >> other & 1) || other == c->chosen)
			continue;
		/* It was its turn to let others go first. */
		if (!c->forced && other == c->previous)
			continue;
		plan(a, r, at, other, preemptions + !c->forced);
	}
}

static struct beginning *take(struct agenda *a, int *preemptions)
{
	for (int i = 0; i <= BOUND_MAX; i++)
		if (a->first[i]) {
			struct beginning *b = a->first[i];

			a->first[i] = b->next;
			a->count[i]--;
			*preemptions = i;
			return b;
		}
	return NULL;
}

/*
 * More are planned with the most preemptions than may be run: then those that are run are spread
 * over all of them, for neighbours are much the same.
 */
static bool passed_over(const struct agenda *a, int preemptions, int bound, long left, long *debt)
{
	if (preemptions < bound || left > a->count[preemptions])
		return false;
	*debt += left;
	if (*debt <= a->count[preemptions])
		return true;
	*debt = 0;
	return false;
}

/* Were the steps up to the last choice the same as when it was thought of? */
static void check_history(struct run *r, const struct beginning *b)
{
	if (b->len && (r->steps < b->len || r->choices[b->len - 1].history != b->history))
		r->diverged = true;
}

struct tally_of_orders search(struct run *r, struct setting *setting, int bound, long limit,
			      visitor *visit, void *context)
{
	struct tally_of_orders tally = { 0 };
	struct agenda agenda = { 0 };
	struct beginning *b = calloc(1, sizeof(*b));
	int preemptions = 0;
	long debt = 0;

	while (b) {
		long left = limit - tally.orders;

		if (!left || passed_over(&agenda, preemptions, bound, left, &debt)) {
			tally.cut = true;
		} else {
			run_play(r, setting, b->choices, b->len);
			tally.orders++;
			tally.steps += r->steps;
			check_history(r, b);
			tally.diverged += r->diverged;
			for (int at = b->len; at < r->steps; at++)
				plan_at(&agenda, r, at, preemptions, bound);
			visit(r, preemptions, context);
		}
		free(b);
		b = take(&agenda, &preemptions);
	}
	return tally;
}
