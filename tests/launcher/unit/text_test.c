/* Tests of launcher/print/text.h. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "print/text.h"

static void counts_have_thousands(void **state)
{
	char text[TEXT_NUMBER];

	(void)state;
	assert_string_equal(text_count(0, text), "0");
	assert_string_equal(text_count(999, text), "999");
	assert_string_equal(text_count(1204, text), "1,204");
	assert_string_equal(text_count(1000000, text), "1,000,000");
	assert_string_equal(text_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

static void nouns_have_a_plural(void **state)
{
	char text[2 * TEXT_NUMBER];

	(void)state;
	assert_string_equal(text_counted(0, "call", text, sizeof(text)), "0 calls");
	assert_string_equal(text_counted(1, "call", text, sizeof(text)), "1 call");
	assert_string_equal(text_counted(1204, "call", text, sizeof(text)), "1,204 calls");
}

static void sizes_are_rounded_to_the_nearest(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1023, "1023" },
		{ 1024, "1.0K" },
		{ 1536, "1.5K" },
		{ 10188, "9.9K" },
		{ 10189, "10K" },
		{ 1047961, "1023K" },
		{ 1048064, "1.0M" },
		{ 1 << 20, "1.0M" },
		{ UINT64_C(5) << 30, "5.0G" },
		{ UINT64_MAX, "16E" },
	};
	char text[TEXT_NUMBER];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_size(cases[i].bytes, text), cases[i].text);
	assert_string_equal(text_bytes(1, text), "1 byte");
	assert_string_equal(text_bytes(100, text), "100 bytes");
	assert_string_equal(text_bytes(2048, text), "2.0K");
}

static void times_have_a_fitting_unit(void **state)
{
	char text[TEXT_NUMBER];

	(void)state;
	assert_string_equal(text_time(0, text), "0 s");
	assert_string_equal(text_time(1, text), "under 1 us");
	assert_string_equal(text_time(15400, text), "15 us");
	assert_string_equal(text_time(12340000, text), "12.3 ms");
	assert_string_equal(text_time(800000000, text), "0.8 s");
}

static void a_share_is_never_all_or_none_by_rounding(void **state)
{
	char text[TEXT_NUMBER];

	(void)state;
	assert_string_equal(text_share(0, 0, text), "0%");
	assert_string_equal(text_share(0, 10, text), "0%");
	assert_string_equal(text_share(1, 1000000, text), "less than 1%");
	assert_string_equal(text_share(UINT64_MAX / 1000, UINT64_MAX, text), "less than 1%");
	assert_string_equal(text_share(1, 100, text), "1%");
	assert_string_equal(text_share(986, 1000, text), "99%");
	assert_string_equal(text_share(999999, 1000000, text), "more than 99%");
	assert_string_equal(text_share(7, 7, text), "100%");
	/* These two are equal as doubles. */
	assert_string_equal(text_share(UINT64_MAX - 1, UINT64_MAX, text), "more than 99%");
}

static void paths_are_escaped(void **state)
{
	char text[TEXT_NAME], number[TEXT_NAME];

	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_string_equal(text_path("/a b\\c\"\n\033[2J\177", "", text),
			    "/a\\ b\\\\c\"\\n\\033[2J\\177");
	assert_string_equal(text_path("/<x>", "<>", text), "/\\074x\\076");
	assert_string_equal(text_path("/\xc3\xa9", "", text), "/\xc3\xa9");
	/*
	 * Invalid UTF-8, a truncated character, a C1 control character, a right-to-left override.
	 */
	assert_string_equal(text_path("\xff\xc3", "", text), "\\377\\303");
	assert_string_equal(text_path("\xc2\x9b", "", text), "\\302\\233");
	assert_string_equal(text_path("\xe2\x80\xae", "", text), "\\342\\200\\256");
	setlocale(LC_CTYPE, "C");
	assert_string_equal(text_path("/\xc3\xa9", "", text), "/\\303\\251");
	assert_string_equal(text_file("", 0x801, 123, "", number), "device 8:1 inode 123");
}

static void the_longest_path_fits(void **state)
{
	char path[RECORD_PATH], text[TEXT_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = '\1';
	path[sizeof(path) - 1] = 0;
	text_path(path, "", text);
	assert_int_equal(snprintf(NULL, 0, "%s", text), 4 * (RECORD_PATH - 1));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_have_thousands),
		cmocka_unit_test(nouns_have_a_plural),
		cmocka_unit_test(sizes_are_rounded_to_the_nearest),
		cmocka_unit_test(times_have_a_fitting_unit),
		cmocka_unit_test(a_share_is_never_all_or_none_by_rounding),
		cmocka_unit_test(paths_are_escaped),
		cmocka_unit_test(the_longest_path_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
