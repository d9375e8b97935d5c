/* Tests of launcher/report/counts.h: one entry for each file, even if the record has several. */
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

static void doubled_files_are_added_up(void **state)
{
	struct record_file *f = fill_file(*state, 7, 1, "", 512);
	struct record_file *again = fill_file(*state, 9, 1, "/a", 4096);
	struct counted c;

	fill_ways(&f->counts[RECORD_READ], WAY_BOUNCED, 2, 20);
	fill_ways(&again->counts[RECORD_READ], WAY_BOUNCED, 3, 30);
	fill_ways(&again->counts[RECORD_WRITE], WAY_FAILED, 1, 0);
	f->counts[RECORD_READ].copied = 5;
	again->counts[RECORD_READ].copied = 6;
	again->state = RECORD_CLAIMED;
	assert_int_equal(counted_take(*state, &c), 0);
	assert_int_equal(c.files, 1);
	assert_string_equal(c.file[0].path, "/a");
	assert_int_equal(c.file[0].offset_align, 4096);
	assert_int_equal(c.file[0].counts[RECORD_READ].calls[WAY_BOUNCED], 5);
	assert_int_equal(c.file[0].counts[RECORD_READ].bytes[WAY_BOUNCED], 50);
	assert_int_equal(c.file[0].counts[RECORD_READ].copied, 11);
	assert_int_equal(c.file[0].counts[RECORD_WRITE].calls[WAY_FAILED], 1);
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
	rec->lost_files = 3;
	assert_int_equal(counted_take(rec, &c), 0);
	assert_int_equal(c.files, RECORD_FILES);
	assert_int_equal(c.lost, 3);
	assert_int_equal(counted_total(&c).calls[WAY_UNTOUCHED], RECORD_FILES);
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
		TEST(files_without_calls_are_left_out), TEST(doubled_files_are_added_up),
		TEST(the_most_bytes_come_first),	TEST(every_place_may_be_taken),
		TEST(tails_are_added_by_length),	TEST(tails_without_a_place_are_counted),
		TEST(a_path_without_an_end_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
