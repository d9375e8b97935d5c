/*
 * The outcome of a run as text: the result of each call, and the files and descriptions at the end.
 * The set of outcomes that an ordinary file allows has each outcome once for each order of whole
 * calls that leads to it.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_OUTCOME_H
#define DIOSHIM_TEST_INTERLEAVE_OUTCOME_H

#include "interleave_run.h"

/* Describes bytes as runs of equal values: "a700 .12". */
void describe_bytes(char *into, size_t room, const unsigned char *bytes, long len);

/* Writes the outcome of the run to r->outcome, and reports wrong flags as findings. */
void outcome_write(struct run *r);

struct outcome {
	char text[TEXT_ROOM];
	int order[ACTORS_MAX * OPS_MAX];
	int order_len;
	long runs;
};

struct outcome_set {
	struct outcome *all;
	int count, room;
};

/*
 * Adds the outcome of a run, or counts it if the set has it. Outcomes are the same if their texts
 * are, and with_order their orders.
 */
struct outcome *outcome_add(struct outcome_set *set, const struct run *r, bool with_order);
void outcome_free(struct outcome_set *set);
/* Returns the number of different texts. */
int outcome_texts(const struct outcome_set *set);

enum allowed {
	ALLOWED,
	ALLOWED_IN_OTHER_ORDERS, /* only in orders that the times of the calls rule out */
	NOT_ALLOWED,
};
enum allowed outcome_allowed(const struct outcome_set *set, const struct run *r);

#endif
