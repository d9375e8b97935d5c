/*
 * Who waits for whom when writes of several steps overlap, as src/range.h promises, and who is woken: the end of a
 * range concerns those that overlap it, and nobody else.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "claims.h"
#include "process.h"
#include "range.h"

enum { FILE_A = 1, FILE_B = 2, BLOCK = 4096 };

__thread struct claims claims;

/* In place of src/process.c: waits and wake-ups are counted. */

static struct process the_only_one;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waits, wakes;

struct process *process(void)
{
	return &the_only_one;
}

void process_lock(_Atomic uint32_t *word)
{
	while (atomic_exchange(word, 1))
		sched_yield();
}

void process_unlock(_Atomic uint32_t *word)
{
	atomic_store(word, 0);
}

void process_wait(_Atomic uint32_t *word, uint32_t value)
{
	pthread_mutex_lock(&lock);
	waits++;
	pthread_cond_broadcast(&changed);
	while (atomic_load(word) == value)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

void process_wake(_Atomic uint32_t *word, int n)
{
	(void)word;
	(void)n;
	pthread_mutex_lock(&lock);
	wakes++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static int start(void **state)
{
	(void)state;
	waits = 0;
	wakes = 0;
	return 0;
}

/* A thread that takes a range and gives it back. */
struct taker {
	pthread_t thread;
	uint32_t file;
	uint64_t start, end;
	_Atomic int order; /* in which the takers got their ranges; 0: not yet */
};

static _Atomic int taken;

static void *take(void *arg)
{
	struct taker *t = arg;
	int place = range_take(t->file, t->start, t->end);

	atomic_store(&t->order, atomic_fetch_add(&taken, 1) + 1);
	range_end(place);
	return NULL;
}

/* Starts it and returns when it waits. */
static void take_and_wait(struct taker *t)
{
	int before;

	pthread_mutex_lock(&lock);
	before = waits;
	assert_int_equal(pthread_create(&t->thread, NULL, take, t), 0);
	while (waits == before)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static int join(struct taker *t)
{
	assert_int_equal(pthread_join(t->thread, NULL), 0);
	return t->order;
}

static void ranges_that_do_not_overlap_do_not_wait(void **state)
{
	int first = range_take(FILE_A, 0, BLOCK);
	int next = range_take(FILE_A, BLOCK, 2 * BLOCK);
	int elsewhere = range_take(FILE_B, 0, BLOCK);

	(void)state;
	range_end(next);
	range_end(first);
	range_end(elsewhere);
	assert_int_equal(waits, 0);
	assert_int_equal(wakes, 0);
}

static void the_end_of_another_range_wakes_nobody(void **state)
{
	int first = range_take(FILE_A, 0, BLOCK);
	int other = range_take(FILE_A, 8 * BLOCK, 9 * BLOCK);
	struct taker t = { .file = FILE_A, .start = BLOCK - 1, .end = 2 * BLOCK };

	(void)state;
	take_and_wait(&t);
	range_end(other);
	assert_int_equal(wakes, 0);
	assert_int_equal(t.order, 0);
	range_end(first);
	assert_int_not_equal(join(&t), 0);
	assert_int_equal(waits, 1);
	assert_int_equal(wakes, 1);
}

static void they_queue_in_the_order_in_which_they_came(void **state)
{
	int first = range_take(FILE_A, 0, BLOCK);
	struct taker t[3] = {
		{ .file = FILE_A, .start = 0, .end = 4 * BLOCK },
		{ .file = FILE_A,
		  .start = BLOCK,
		  .end = 3 * BLOCK }, /* only behind the one before */
		{ .file = FILE_A, .start = 2 * BLOCK, .end = UINT64_MAX },
	};

	(void)state;
	for (int i = 0; i < 3; i++)
		take_and_wait(&t[i]);
	range_end(first);
	for (int i = 0; i < 3; i++)
		join(&t[i]);
	assert_true(t[0].order < t[1].order);
	assert_true(t[1].order < t[2].order);
}

static void without_a_free_place_a_range_waits_for_one(void **state)
{
	struct taker t = { .file = FILE_B, .start = 0, .end = 1 };
	int place[RANGES];

	(void)state;
	for (int i = 0; i < RANGES; i++)
		place[i] = range_take(FILE_A, (uint64_t)i * BLOCK, (uint64_t)(i + 1) * BLOCK);
	take_and_wait(&t);
	assert_int_equal(t.order, 0);
	for (int i = 0; i < RANGES; i++)
		range_end(place[i]);
	assert_int_not_equal(join(&t), 0);
	assert_int_equal(wakes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ranges_that_do_not_overlap_do_not_wait, start),
		cmocka_unit_test_setup(the_end_of_another_range_wakes_nobody, start),
		cmocka_unit_test_setup(they_queue_in_the_order_in_which_they_came, start),
		cmocka_unit_test_setup(without_a_free_place_a_range_waits_for_one, start),
	};

	alarm(60); /* in case that nobody is woken */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
