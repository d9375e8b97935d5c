/*
 * What the bound on bounce memory is divided into, as src/bounce.h promises: buffers that do not overlap, within the
 * bound, and small ones for as many threads as the largest tests and benchmarks have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bounce.h"
#include "claims.h"
#include "disable.h"
#include "process.h"
#include "settings.h"

enum { K = 1 << 10, M = 1 << 20, THREADS = 64 };

/* In place of src/claims.c and src/config.c. */
__thread struct claims claims;
unsigned disabled;

/* Takes up to BOUNCE_SLOTS buffers of `want` bytes, of new memory. Returns how many there were. */
static size_t take_all(size_t bound, size_t want, struct bounce *b)
{
	size_t n = 0;

	atomic_store(&process()->bounce_region, 0);
	bounce_set_max(bound);
	claims.nested = true; /* so that nothing waits */
	while (n < BOUNCE_SLOTS && bounce_get(&b[n], want))
		n++;
	return n;
}

static void give_back(struct bounce *b, size_t n)
{
	while (n--)
		bounce_put(&b[n]);
}

static void require_apart(const struct bounce *a, const struct bounce *b)
{
	assert_true(a->addr + a->size <= b->addr || b->addr + b->size <= a->addr);
}

static void buffers_are_within_the_bound_and_do_not_overlap(void **state)
{
	const size_t bounds[] = { BOUNCE_MAX_LEAST, M,	    2 * M,  4 * M,
				  16 * M - 64 * K,  16 * M, 18 * M, BOUNCE_MAX_MOST };

	(void)state;
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		struct bounce b[BOUNCE_SLOTS], more;
		size_t n = take_all(bounds[i], BOUNCE_LARGE, b);
		size_t bytes = 0;

		assert_true(n > 0);
		for (size_t k = 0; k < n; k++) {
			assert_true(b[k].slot < BOUNCE_SLOTS);
			assert_int_equal((uintptr_t)b[k].addr % BOUNCE_SMALL, 0);
			b[k].addr[0] = b[k].addr[b[k].size - 1] = 1; /* it is mapped */
			bytes += b[k].size;
			for (size_t other = 0; other < k; other++)
				require_apart(&b[k], &b[other]);
		}
		assert_in_range(bytes, BOUNCE_SMALL, bounds[i]);
		assert_false(bounce_get(&more, BOUNCE_SMALL)); /* that was all */
		give_back(b, n);
	}
}

static void each_of_many_threads_has_a_small_buffer(void **state)
{
	struct bounce b[BOUNCE_SLOTS];
	size_t n = take_all(BOUNCE_MAX_DEFAULT, BOUNCE_SMALL, b);

	(void)state;
	assert_true(n > THREADS);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(b[i].size, BOUNCE_SMALL);
	give_back(b, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers_are_within_the_bound_and_do_not_overlap),
		cmocka_unit_test(each_of_many_threads_has_a_small_buffer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
