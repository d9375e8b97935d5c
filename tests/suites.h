/*
 * A test program with tests in several files: each file has a suite, and main() runs them as one group.
 * cmocka.h has to be included before.
 */
#ifndef DIOSHIM_TEST_SUITES_H
#define DIOSHIM_TEST_SUITES_H

#include <stdio.h>
#include <string.h>

struct suite {
	const struct CMUnitTest *tests;
	size_t count;
};

#define SUITE(name, tests) const struct suite name = { tests, sizeof(tests) / sizeof((tests)[0]) }

/* Runs the tests whose names match the pattern `only`, or all if that is NULL. */
static inline int run_suites(const char *name, const struct suite *const *suites, size_t count,
			     const char *only)
{
	enum { MOST = 100 };
	struct CMUnitTest tests[MOST];
	size_t all = 0;

	for (size_t i = 0; i < count; i++) {
		if (suites[i]->count > MOST - all) {
			fprintf(stderr, "%s: too many tests\n", name);
			return 99;
		}
		memcpy(tests + all, suites[i]->tests, suites[i]->count * sizeof(tests[0]));
		all += suites[i]->count;
	}
	if (only)
		cmocka_set_test_filter(only);
	return _cmocka_run_group_tests(name, tests, all, NULL, NULL);
}

#endif
