/* Threads that are cancelled in misaligned I/O, more of them than bounce buffers, and thousands. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"

/* --- cancellation --- */

static struct victim {
	struct spot spot;
	size_t len;
	int type;
	_Atomic unsigned char value;
	_Atomic bool running;
	_Atomic bool cancelled;
	bool reads;
} victim;

enum { VICTIM_AT = 1234 };

/* The misaligned call is the only cancellation point. */
static void *victim_main(void *unused)
{
	static unsigned char bytes[LONGEST + 2];

	(void)unused;
	pthread_setcanceltype(victim.type, NULL);
	for (;;) {
		if (victim.reads) {
			must(pread(victim.spot.fd, bytes + 1, victim.len,
				   victim.spot.base + VICTIM_AT) == (ssize_t)victim.len);
		} else {
			memset(bytes, ++victim.value, sizeof(bytes));
			must(pwrite(victim.spot.fd, bytes + 1, victim.len,
				    victim.spot.base + VICTIM_AT) == (ssize_t)victim.len);
		}
		victim.running = true;
	}
	return NULL;
}

static void cancel_once(struct rng *rng)
{
	pthread_t thread;
	void *result;

	victim.running = false;
	must(!pthread_create(&thread, NULL, victim_main, NULL));
	while (!victim.running)
		sched_yield();
	usleep((useconds_t)rng_between(rng, 0, 800));
	must(!pthread_cancel(thread));
	must(!pthread_join(thread, &result));
	must(result == PTHREAD_CANCELED);
}

static void cancel(int type)
{
	static const size_t lengths[] = { 70001, 1001, 55 };
	struct rng rng = { 3 };

	victim = (struct victim){ .spot = spot_open(0), .type = type };
	assert_true(moves_data(victim.spot, 0, 1, 100000));
	for (unsigned i = 0; i < 90 * scale; i++) {
		victim.len = lengths[i % 3];
		victim.reads = i % 4 == 3;
		cancel_once(&rng);
		assert_true(still_direct(victim.spot));
		/* The cancelled call has written all or nothing. */
		if (!victim.reads)
			assert_true(all_old_or_all_new(victim.spot, VICTIM_AT, victim.len,
						       (unsigned char)(victim.value - 1),
						       victim.value));
	}
	crowd(1);
	spot_close(victim.spot);
}

static void cancel_deferred(void **state)
{
	(void)state;
	cancel(PTHREAD_CANCEL_DEFERRED);
}

static void cancel_asynchronous(void **state)
{
	(void)state;
	cancel(PTHREAD_CANCEL_ASYNCHRONOUS);
}

/* A cancellation that is pending before the call: the call must write nothing. */
static void *cancelled_before(void *unused)
{
	static unsigned char bytes[1002];

	(void)unused;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	victim.running = true;
	while (!victim.cancelled)
		sched_yield();
	memset(bytes, 0xee, sizeof(bytes));
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	if (pwrite(victim.spot.fd, bytes + 1, 1001, victim.spot.base + VICTIM_AT) >= 0)
		victim.reads = true;
	return NULL;
}

static void cancelled_before_the_call(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	victim = (struct victim){ .spot = spot_open(0) };
	assert_true(moves_data(victim.spot, VICTIM_AT, 9, 1001));
	assert_int_equal(pthread_create(&thread, NULL, cancelled_before, NULL), 0);
	while (!victim.running)
		sched_yield();
	pthread_cancel(thread);
	victim.cancelled = true;
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_true(holds_data(victim.spot, VICTIM_AT, 9, 1001, (unsigned char[1004]){ 0 }));
	spot_close(victim.spot);
}

/* --- crowds --- */

static void more_threads_than_buffers(void **state)
{
	(void)state;
	crowd(8 * (int)scale);
}

/* --- thousands --- */

static void *passer_by(void *spot)
{
	struct spot *s = spot;
	/* Concurrent threads must have different parts of the spot. */
	static _Atomic unsigned count;
	unsigned n = atomic_fetch_add(&count, 1);
	off_t at = (off_t)(n % 200) * 5003;

	must(moves_data(*s, at, n, 501));
	must(moves_data(*s, at + 600, n, 3001));
	return NULL;
}

static void batches(struct spot *s, unsigned count)
{
	enum { BATCH = 40 };
	pthread_t threads[BATCH];

	while (count--) {
		for (int i = 0; i < BATCH; i++)
			must(!pthread_create(&threads[i], NULL, passer_by, s));
		for (int i = 0; i < BATCH; i++)
			pthread_join(threads[i], NULL);
	}
}

/* Returns a value in KiB from /proc/self/status, see proc(5). */
static long memory(const char *what)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[200];
	long value = -1;

	assert_non_null(status);
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, what, strlen(what)))
			value = strtol(line + strlen(what), NULL, 10);
	fclose(status);
	assert_true(value > 0);
	return value;
}

static void thousands_of_threads(void **state)
{
	struct spot s = spot_open(0);
	long size, resident;

	(void)state;
	/* Let the library allocate everything that it needs. */
	crowd(1);
	batches(&s, 10);
	size = memory("VmSize:");
	resident = memory("VmRSS:");
	batches(&s, 50 * scale);
	/* More threads must not add memory, but may touch mapped bounce buffers. */
	assert_in_range(memory("VmSize:"), 0, size + 1024);
	assert_in_range(memory("VmRSS:"), 0, resident + 16 * 1024);
	assert_true(still_direct(s));
	spot_close(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(cancel_deferred),	     cmocka_unit_test(cancel_asynchronous),
	cmocka_unit_test(cancelled_before_the_call), cmocka_unit_test(more_threads_than_buffers),
	cmocka_unit_test(thousands_of_threads),
};

SUITE(threads_suite, tests);
