/* Tests of launcher/report/counts.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "report/counts.h"
#include "record_fill.h"

static int make_record(void **state)
{
	*state = calloc(1, sizeof(struct record));
	return !*state;
}

static int free_record(void **state)
{
	free(*state);
	return 0;
}

static void files_without_calls_are_left_out(void **state)
{
	struct counted c;

	fill_file(*state, 7, 1, "/a", 512);
	assert_int_equal(counted_take(*state, &c), 0);
	assert_int_equal(c.files, 0);
	counted_free(&c);
}

/* One that another process is about to fill in, or that was given back. */
static void entries_that_are_not_ready_are_left_out(void **state)
{
	struct record_file *f = fill_file(*state, 0, 1, "/a", 512);
	struct counted c;

	fill_ways(&f->counts[RECORD_READ], WAY_BOUNCED, 2, 20);
	f->state = RECORD_FREE;
	fill_ways(&fill_file(*state, 1, 2, "/b", 512)->counts[RECORD_READ], WAY_BOUNCED, 1, 1);
	assert_int_equal(counted_take(*state, &c), 0);
	assert_int_equal(c.files, 1);
	assert_string_equal(c.file[0].path, "/b");
	counted_free(&c);
}

static void the_most_bytes_come_first(void **state)
{
	static const uint64_t bytes[] = { 10, 1000, 100 };
	struct counted c;

	for (unsigned i = 0; i < 3; i++) {
		struct record_file *f = fill_file(*state, i, i + 1, "/a", 512);

		fill_ways(&f->counts[i % 2], WAY_UNTOUCHED, 1, bytes[i]);
	}
	assert_int_equal(counted_take(*state, &c), 0);
	assert_int_equal(c.files, 3);
	assert_int_equal(c.file[0].inode, 2);
	assert_int_equal(c.file[1].inode, 3);
	assert_int_equal(c.file[2].inode, 1);
	counted_free(&c);
}

static void every_place_may_be_taken(void **state)
{
	struct record *rec = *state;
	struct counted c;

	for (unsigned i = 0; i < RECORD_FILES; i++)
		fill_ways(&fill_file(rec, i, i + 1, "/a", 512)->counts[0], WAY_UNTOUCHED, 1, 1);
	rec->files = RECORD_FILES + 5;
	assert_int_equal(counted_take(rec, &c), 0);
	assert_int_equal(c.files, RECORD_FILES);
	assert_int_equal(c.others, 0);
	assert_int_equal(counted_total(&c).calls[WAY_UNTOUCHED], RECORD_FILES);
	counted_free(&c);
}

static void files_without_an_entry_are_in_the_total(void **state)
{
	struct record *rec = *state;
	struct counts total;
	struct counted c;

	fill_ways(&fill_file(rec, 0, 1, "/a", 512)->counts[RECORD_READ], WAY_UNTOUCHED, 1, 10);
	fill_ways(&rec->other.counts[RECORD_READ], WAY_UNTOUCHED, 2, 20);
	fill_ways(&rec->other.counts[RECORD_WRITE], WAY_PARTIAL, 1, 5);
	rec->other.counts[RECORD_WRITE].buffered = 5;
	rec->other_file[3] = rec->other_file[RECORD_OTHERS - 1] = 77;
	rec->lost_files = 3;
	assert_int_equal(counted_take(rec, &c), 0);
	assert_int_equal(c.files, 1);
	assert_int_equal(c.lost, 3);
	assert_int_equal(c.others, 2);
	assert_false(c.others_at_least);
	total = counted_total(&c);
	assert_int_equal(total.calls[WAY_UNTOUCHED], 3);
	assert_int_equal(total.bytes[WAY_PARTIAL], 5);
	counted_free(&c);
	total = counts_of_record(rec);
	assert_int_equal(total.calls[WAY_UNTOUCHED], 3);
	assert_int_equal(counts_bytes(&total), 35);
	assert_int_equal(counts_direct(&total), 30);
	for (int i = 0; i < RECORD_OTHERS; i++)
		rec->other_file[i] = 1;
	assert_int_equal(counted_take(rec, &c), 0);
	assert_true(c.others_at_least);
	counted_free(&c);
}

static void refusals_of_files_without_an_entry_are_told(void **state)
{
	struct record *rec = *state;
	struct counted c;

	rec->other.refused = 2;
	rec->other_file[3] = 77;
	rec->liburings = 5;
	assert_int_equal(counted_take(rec, &c), 0);
	assert_int_equal(c.other.refused, 2);
	assert_int_equal(c.others, 1);
	assert_int_equal(c.lost, 0);
	assert_int_equal(c.liburings, 5);
	counted_free(&c);
}

static void tails_are_added_by_length(void **state)
{
	struct counts to = { .tail = { { 100, 1 }, { 200, 2 } } };
	struct counts from = { .tail = { { 200, 5 }, { 300, 4 } }, .other_tails = 1 };

	(void)state;
	counts_add(&to, &from);
	assert_int_equal(to.tail[0].bytes, 200);
	assert_int_equal(to.tail[0].calls, 7);
	assert_int_equal(to.tail[1].bytes, 300);
	assert_int_equal(to.tail[2].bytes, 100);
	assert_int_equal(to.tail[3].calls, 0);
	assert_int_equal(to.other_tails, 1);
}

static void tails_without_a_place_are_counted(void **state)
{
	struct counts to = { 0 }, from = { .tail = { { 999, 5 } } };

	(void)state;
	for (uint64_t i = 0; i < RECORD_TAILS; i++)
		to.tail[i] = (struct tail){ i + 1, 1 };
	counts_add(&to, &from);
	assert_int_equal(to.other_tails, 5);
}

static void a_path_without_an_end_is_cut(void **state)
{
	struct record_file *f = fill_file(*state, 0, 1, "", 512);
	struct counted c;

	for (size_t i = 0; i < RECORD_PATH; i++)
		f->path[i] = 'x';
	fill_ways(&f->counts[0], WAY_UNTOUCHED, 1, 1);
	assert_int_equal(counted_take(*state, &c), 0);
	assert_int_equal(c.file[0].path[RECORD_PATH - 1], 0);
	counted_free(&c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_record, free_record)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(files_without_calls_are_left_out),
		TEST(entries_that_are_not_ready_are_left_out),
		TEST(files_without_an_entry_are_in_the_total),
		TEST(refusals_of_files_without_an_entry_are_told),
		TEST(the_most_bytes_come_first),
		TEST(every_place_may_be_taken),
		TEST(tails_are_added_by_length),
		TEST(tails_without_a_place_are_counted),
		TEST(a_path_without_an_end_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
