/*
 * All runs of a scenario: what an ordinary file allows, what was wrong, and in which orders.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_REPORT_H
#define DIOSHIM_TEST_INTERLEAVE_REPORT_H

#include "interleave_outcome.h"

/* What was wrong, the same in all these runs; the first of them had the fewest preemptions. */
struct fault {
	char text[TEXT_ROOM + 400];
	char schedule[2000];
	int preemptions;
	long runs;
};

struct report {
	struct outcome_set allowed;
	struct outcome_set seen;
	struct fault *faults;
	int fault_count;
	long wrong;
};

/* Visitors of search(): after each run on an ordinary file, and after each under test. */
void report_allowed(struct run *r, int preemptions, void *report);
void report_compare(struct run *r, int preemptions, void *report);

/* Of each kind of fault one, with the steps unless `brief`, for which it is run again. */
void report_show(struct run *r, struct setting *s, const struct report *report, bool brief);
void report_free(struct report *report);

#endif
