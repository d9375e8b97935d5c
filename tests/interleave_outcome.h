/*
 * What a run has come to, as text: the result of each call, the files and descriptions at the end.
 * And the set of the outcomes that an ordinary file has, each with the orders of whole calls that
 * lead to it.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_OUTCOME_H
#define DIOSHIM_TEST_INTERLEAVE_OUTCOME_H

#include "interleave_run.h"

/* Bytes in runs: "a700 .12". */
void describe_bytes(char *into, size_t room, const unsigned char *bytes, long len);

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

/* Without orders, outcomes are the same if their texts are. */
struct outcome *outcome_add(struct outcome_set *set, const struct run *r, bool with_order);
void outcome_free(struct outcome_set *set);
int outcome_texts(const struct outcome_set *set);

enum allowed {
	ALLOWED,
	ALLOWED_IN_OTHER_ORDERS, /* but a call that was over before another began comes after it */
	NOT_ALLOWED,
};
enum allowed outcome_allowed(const struct outcome_set *set, const struct run *r);

#endif
