/* The search for orders. See interleave_search.h. */
#include "interleave_search.h"

#include <stdlib.h>
#include <string.h>

#include "stress_util.h"

/* The choices with which an order begins. After them there are no preemptions. */
struct beginning {
	struct beginning *next;
	uint32_t history; /* hash of the steps before the last choice in the run that planned it */
	int len;
	uint8_t choices[];
};

/* Planned orders, by the number of their preemptions. */
struct agenda {
	struct beginning *first[BOUND_MAX + 1];
	long count[BOUND_MAX + 1];
};

static void plan(struct agenda *a, const struct run *r, int at, int other, int preemptions)
{
	struct beginning *b = malloc(sizeof(*b) + (size_t)at + 1);

	if (!b)
		die("out of memory");
	b->len = at + 1;
	for (int i = 0; i < at; i++)
		b->choices[i] = r->choices[i].chosen;
	b->choices[at] = (uint8_t)other;
	b->history = r->choices[at].history;
	b->next = a->first[preemptions];
	a->first[preemptions] = b;
	a->count[preemptions]++;
}

/* Plans the orders that make another choice at step `at`. */
static void plan_at(struct agenda *a, const struct run *r, int at, int preemptions, int bound)
{
	const struct choice *c = &r->choices[at];

	if (!c->forced && (c->fruitless || preemptions == bound))
		return;
	for (int other = 0; other < ACTORS_MAX; other++) {
		if (!(c->enabled >> other & 1) || other == c->chosen)
			continue;
		/* The previous actor had yielded. */
		if (!c->forced && other == c->previous)
			continue;
		plan(a, r, at, other, preemptions + !c->forced);
	}
}

static struct beginning *take_beginning(struct agenda *a, int *preemptions)
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
 * Returns whether to skip an order, if more are planned with the maximum of preemptions than the
 * limit allows. Then the runs are spread over all of them, because adjacent orders are similar.
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

/* Marks the run as diverged if its steps up to the last choice were not those that were planned. */
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
		b = take_beginning(&agenda, &preemptions);
	}
	return tally;
}
