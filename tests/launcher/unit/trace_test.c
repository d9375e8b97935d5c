/* Tests of launcher/report/trace.h on a ring that others write to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <pthread.h>
#include <cmocka.h>

#include "record_fill.h"
#include "report/trace.h"

static struct record *rec;
static char *text; /* of the last drain */

static int make_record(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	rec = calloc(1, sizeof(*rec));
	text = NULL;
	return !rec;
}

static int free_record(void **state)
{
	(void)state;
	free(text);
	free(rec);
	return 0;
}

typedef uint64_t draining(const struct record *, uint64_t next, FILE *to, bool json);

static uint64_t drained(draining *how, uint64_t next, bool json)
{
	size_t size;

	free(text);
	FILE *to = open_memstream(&text, &size);

	next = how(rec, next, to, json);
	fclose(to);
	return next;
}

static void put_calls(int count)
{
	struct record_call call = fill_example();

	for (; count > 0; count--) {
		call.fd = (int32_t)rec->calls;
		fill_call(rec, &call);
	}
}

static int lines(void)
{
	int n = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

static void a_call_is_a_line(void **state)
{
	struct record_call call = fill_example();

	(void)state;
	fill_file(rec, 0, 123, "/data/x", 512);
	fill_call(rec, &call);
	assert_int_equal(drained(trace_drain, 0, false), 1);
	assert_string_equal(text, "1234:1240 12:00:01.123456 pwrite64(3</data/x>, 0x7f00a1, 1000, "
				  "4096) = 1000 # address, length misaligned; bounced 512, "
				  "buffered 488; 0.000210 s\n");
	assert_int_equal(drained(trace_drain, 1, false), 1);
	assert_string_equal(text, "");
}

static void lapped_calls_are_lost(void **state)
{
	(void)state;
	put_calls(RECORD_CALLS + 2);
	assert_int_equal(drained(trace_drain, 0, false), RECORD_CALLS + 2);
	assert_int_equal(lines(), 1 + RECORD_CALLS);
	assert_memory_equal(text, "# 2 calls lost: overwritten before being printed\n", 49);
	assert_non_null(strstr(text, "pwrite64(2, "));
}

/* A later call has overwritten the slot after the drain read the number of calls. */
static void an_overwritten_call_is_lost(void **state)
{
	(void)state;
	put_calls(3);
	rec->call[1].ticket = RECORD_CALLS + 2;
	assert_int_equal(drained(trace_drain, 0, false), 3);
	assert_int_equal(lines(), 3);
	assert_non_null(strstr(text, "\n# 1 call lost: overwritten"));
}

static void age_calls(int64_t age_ns)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	for (int i = 0; i < 16; i++)
		rec->call[i].time_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec - age_ns;
}

static void incomplete(uint64_t mark)
{
	put_calls(3);
	rec->call[1].ticket = mark;
	age_calls(0);
	assert_int_equal(drained(trace_drain, 0, false), 1);
	assert_int_equal(lines(), 1);
	rec->call[1].ticket = 2;
	assert_int_equal(drained(trace_drain, 1, false), 3);
	assert_int_equal(lines(), 2);
}

static void a_call_that_is_being_written_is_waited_for(void **state)
{
	(void)state;
	incomplete(UINT64_MAX);
}

static void a_call_that_was_never_written_is_waited_for(void **state)
{
	(void)state;
	incomplete(0);
}

static void a_call_is_not_waited_for_when_others_are_old(void **state)
{
	(void)state;
	put_calls(3);
	rec->call[1].ticket = UINT64_MAX;
	age_calls(INT64_C(1500000000));
	assert_int_equal(drained(trace_drain, 0, false), 3);
	assert_int_equal(lines(), 3);
	assert_non_null(strstr(text, "\n# 1 call lost: incomplete"));
}

static void a_call_is_not_waited_for_when_many_have_come(void **state)
{
	(void)state;
	put_calls(RECORD_CALLS / 2 + 2);
	rec->call[1].ticket = 0;
	age_calls(0);
	assert_int_equal(drained(trace_drain, 0, false), RECORD_CALLS / 2 + 2);
}

static void a_call_is_not_waited_for_at_the_end(void **state)
{
	(void)state;
	put_calls(2);
	rec->call[1].ticket = 0;
	assert_int_equal(drained(trace_drain, 1, false), 1);
	assert_string_equal(text, "");
	assert_int_equal(drained(trace_finish, 1, true), 2);
	assert_string_equal(text, "{\"lost\":1,\"why\":\"incomplete, for example because the "
				  "process was killed\"}\n");
}

static atomic_bool stop;

/* Overwrites the first slot again and again; every number in it is that of the round. */
static void *write_slot(void *unused)
{
	struct record_call *slot = &rec->call[0];

	for (uint64_t round = 1; !stop; round++) {
		atomic_store(&slot->ticket, UINT64_MAX);
		atomic_thread_fence(memory_order_release);
		slot->addr = round;
		slot->len = round;
		slot->pos = (int64_t)round;
		slot->ret = (int64_t)round;
		atomic_store_explicit(&slot->ticket, round * RECORD_CALLS + 1,
				      memory_order_release);
		/* Waits for a time that varies. */
		for (uint64_t n = round * 7919 % 1024; n && !stop; n--)
			;
	}
	return unused;
}

/* Drains the first slot. Returns whether a line was printed. */
static bool drain_slot(void)
{
	unsigned long long round, len, pos, ret;
	uint64_t ticket;

	do
		ticket = atomic_load(&rec->call[0].ticket);
	while (ticket == UINT64_MAX || !ticket);
	atomic_store(&rec->calls, ticket);
	drained(trace_finish, ticket - 1, false);
	if (sscanf(text, "%*d:%*d %*s pwrite64(0, 0x%llx, %llu, %llu) = %llu #", &round, &len, &pos,
		   &ret) != 4)
		return false;
	assert_int_equal(round, (ticket - 1) / RECORD_CALLS);
	assert_true(len == round && pos == round && ret == round);
	return true;
}

static void a_call_is_of_one_piece(void **state)
{
	struct record_call call = fill_example();
	pthread_t writer;
	int printed = 0;

	(void)state;
	call.fd = 0;
	call.file = RECORD_FILES;
	rec->call[0] = call;
	stop = false;
	assert_int_equal(pthread_create(&writer, NULL, write_slot, NULL), 0);
	for (int i = 0; i < 50000; i++)
		printed += drain_slot();
	stop = true;
	pthread_join(writer, NULL);
	assert_true(printed > 0);
}

static void json_is_an_object_a_line(void **state)
{
	json_t *object;

	(void)state;
	put_calls(1);
	assert_int_equal(drained(trace_drain, 0, true), 1);
	assert_int_equal(lines(), 1);
	object = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(object, "call")), "pwrite64");
	assert_int_equal(json_integer_value(json_object_get(object, "duration_ns")), 210999);
	json_decref(object);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_record, free_record)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_call_is_a_line),
		TEST(lapped_calls_are_lost),
		TEST(an_overwritten_call_is_lost),
		TEST(a_call_that_is_being_written_is_waited_for),
		TEST(a_call_that_was_never_written_is_waited_for),
		TEST(a_call_is_not_waited_for_when_others_are_old),
		TEST(a_call_is_not_waited_for_when_many_have_come),
		TEST(a_call_is_not_waited_for_at_the_end),
		TEST(a_call_is_of_one_piece),
		TEST(json_is_an_object_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
