/*
 * The results of all runs of a scenario: the outcomes that an ordinary file allows, and the faults.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_REPORT_H
#define DIOSHIM_TEST_INTERLEAVE_REPORT_H

#include "interleave_outcome.h"

/* A fault that has the same text in one or more runs. */
struct fault {
	char text[TEXT_ROOM + 400];
	char schedule[2000]; /* of the first run, which had the fewest preemptions */
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

/* Visitors of search(): for the reference runs, and for the runs under test. */
void report_allowed(struct run *r, int preemptions, void *report);
void report_compare(struct run *r, int preemptions, void *report);

/* Prints one fault of each kind. Unless `brief`, runs it again and prints the steps. */
void report_show(struct run *r, struct setting *s, const struct report *report, bool brief);
void report_free(struct report *report);

#endif
