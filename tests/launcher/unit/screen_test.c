/* Tests of launcher/print/screen.h: widths, shortened paths, and split lines. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "print/screen.h"

static void assert_shortened(const char *text, size_t width, const char *to)
{
	char copy[200];

	snprintf(copy, sizeof(copy), "%s", text);
	screen_shorten(copy, width);
	assert_string_equal(copy, to);
	assert_true(screen_columns(copy) <= width);
}

static void the_middle_is_left_out(void **state)
{
	(void)state;
	assert_shortened("/data/x", 7, "/data/x");
	assert_shortened("/data/file", 9, "/d...file");
	assert_shortened("/var/lib/database/segment.1", 16, "/var...segment.1");
	assert_shortened("/data/x", 3, "...");
	assert_shortened("", 3, "");
}

/* Two columns for each of the wide letters, three bytes in UTF-8; none for the combining accent. */
static void columns_are_not_bytes(void **state)
{
	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(screen_columns("\346\227\245\346\234\254e\314\201"), 5);
	assert_shortened("/\346\227\245\346\234\254\346\227\245\346\234\254/abc", 10,
			 "/...\346\234\254/abc");
	setlocale(LC_CTYPE, "C");
}

static void assert_printed(const char *text, size_t width, size_t indent, const char *lines)
{
	char *got = NULL;
	size_t size;
	FILE *to = open_memstream(&got, &size);

	screen_print(to, text, width, indent);
	fclose(to);
	assert_string_equal(got, lines);
	free(got);
}

static void lines_are_split_at_spaces(void **state)
{
	(void)state;
	assert_printed("one two three", 0, 2, "one two three\n");
	assert_printed("one two three", 13, 2, "one two three\n");
	assert_printed("one two three", 12, 2, "one two\n  three\n");
	assert_printed("one two three four", 8, 2, "one two\n  three\n  four\n");
	assert_printed("  one two", 7, 4, "  one\n    two\n");
	assert_printed("", 7, 2, "\n");
}

static void long_words_are_shortened(void **state)
{
	(void)state;
	assert_printed("see /a/path/that/is/too/long here", 20, 2,
		       "see\n  /a/pa...s/too/long\n  here\n");
	/* Not at the space that belongs to a name. */
	assert_printed("see /my\\ file", 12, 2, "see\n  /my\\ file\n");
}

static void columns_decides(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	unsetenv("COLUMNS");
	assert_int_equal(screen_width(file), 0);
	setenv("COLUMNS", "80", 1);
	assert_int_equal(screen_width(file), 80);
	setenv("COLUMNS", "3", 1);
	assert_int_equal(screen_width(file), 20);
	setenv("COLUMNS", "99999999999999999999", 1);
	assert_int_equal(screen_width(file), 10000);
	for (int i = 0; i < 4; i++) {
		static const char *const bad[] = { "", "0", "-5", "80x" };

		setenv("COLUMNS", bad[i], 1);
		assert_int_equal(screen_width(file), 0);
	}
	fclose(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_middle_is_left_out),
		cmocka_unit_test(columns_are_not_bytes),
		cmocka_unit_test(lines_are_split_at_spaces),
		cmocka_unit_test(long_words_are_shortened),
		cmocka_unit_test(columns_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
