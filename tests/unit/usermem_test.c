/*
 * How far the memory of a call is good, as src/usermem.h promises: up to the first page that cannot be used, and never
 * around the end of the address space, which a call of a 32-bit program under a 64-bit kernel may name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "usermem.h"

enum { PAGES = 40, TO_READ = 10, TO_WRITE = 20 };

/* Pages that can be written, then some that can only be read, then memory that cannot be used. */
static char *memory;
static size_t page;

static int map(void **state)
{
	(void)state;
	page = (size_t)getpagesize();
	memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (memory == MAP_FAILED)
		return -1;
	return mprotect(memory + TO_WRITE * page, TO_READ * page, PROT_READ) ||
	       mprotect(memory + (TO_WRITE + TO_READ) * page, (PAGES - TO_WRITE - TO_READ) * page,
			PROT_NONE);
}

static size_t good(const void *addr, size_t len, enum usermem_access access)
{
	const struct iovec iov = { (void *)(uintptr_t)addr, len };
	struct cursor c = cursor_at_start(&iov, 1);
	size_t n = usermem_check(&c, len, access);

	assert_int_equal(n, c.checked);
	return n;
}

static void memory_is_good_up_to_the_first_bad_page(void **state)
{
	const size_t writable = TO_WRITE * page;
	const size_t readable = writable + TO_READ * page;

	(void)state;
	for (size_t at = 1; at < readable; at += page / 8 - 1) {
		for (size_t len = 1; at + len < PAGES * page; len += page / 4 - 3) {
			const size_t write = at > writable ? 0 : writable - at;

			assert_int_equal(good(memory + at, len, USERMEM_READ),
					 len < readable - at ? len : readable - at);
			assert_int_equal(good(memory + at, len, USERMEM_WRITE),
					 len < write ? len : write);
		}
	}
}

/* Lengths with which the piece ends in the last page, at the very end, and around it at the start. */
static void a_piece_that_leaves_the_address_space_is_good_up_to_the_first_bad_page(void **state)
{
	const size_t at[] = { 0, 1, page - 1, page, 3 * page + 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		const char *addr = memory + at[i];
		const size_t left = -(uintptr_t)addr;
		const size_t lens[] = {
			left - page, left - 1, left, left + 1, left + page, SIZE_MAX
		};

		for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++)
			assert_int_equal(good(addr, lens[k], USERMEM_WRITE),
					 TO_WRITE * page - at[i]);
	}
}

static void the_end_of_the_address_space_is_bad(void **state)
{
	const uintptr_t last = -(uintptr_t)page;

	(void)state;
	assert_int_equal(good((void *)last, 1, USERMEM_READ), 0);
	assert_int_equal(good((void *)(last + page - 1), 1, USERMEM_READ), 0);
	assert_int_equal(good((void *)(last + page - 1), 100, USERMEM_READ), 0);
	assert_false(usermem_readable((void *)(last + 1), 8));
}

/* The second piece begins in pages that are known to be good, and ends after the end of the address space. */
static void a_piece_that_leaves_the_address_space_is_not_part_of_the_one_before(void **state)
{
	const struct iovec iov[2] = { { memory, 4 * page }, { memory + 10, -(uintptr_t)memory } };
	struct cursor c = cursor_at_start(iov, 2);

	(void)state;
	assert_int_equal(usermem_check(&c, SIZE_MAX, USERMEM_WRITE),
			 4 * page + TO_WRITE * page - 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_good_up_to_the_first_bad_page),
		cmocka_unit_test(
			a_piece_that_leaves_the_address_space_is_good_up_to_the_first_bad_page),
		cmocka_unit_test(the_end_of_the_address_space_is_bad),
		cmocka_unit_test(
			a_piece_that_leaves_the_address_space_is_not_part_of_the_one_before),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, map, NULL);
}
