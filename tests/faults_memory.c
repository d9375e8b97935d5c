/* No memory for a bounce buffer: the address space is used up (RLIMIT_AS). See faults.h. */
#include "faults.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static void set_address_space(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_AS, &limit))
		err(99, "RLIMIT_AS");
}

static bool can_map_page(void)
{
	void *page = mmap(NULL, BLOCK, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	munmap(page, BLOCK);
	return true;
}

/* Makes the call with a limit that allows no more mappings. */
static ssize_t write_without_memory(int fd, const struct attempt *a, unsigned char *data)
{
	bool memory;
	ssize_t ret;

	set_address_space(BLOCK);
	memory = can_map_page();
	ret = by_shim(fd, a, data);
	set_address_space(RLIM_INFINITY);
	require(!memory);
	return ret;
}

static ssize_t read_without_memory(int fd, const struct attempt *a, unsigned char *to)
{
	ssize_t ret;

	lseek(fd, a->pos, SEEK_SET);
	set_address_space(BLOCK);
	ret = a->kind % 2 ? pread(fd, to, a->len, a->pos) : read(fd, to, a->len);
	set_address_space(RLIM_INFINITY);
	return ret;
}

static void try_without_memory(const char *path, const struct attempt *a, unsigned seed)
{
	struct image before = image_of(path);
	int fd = open_for(path, a, O_DIRECT);
	unsigned char *data = bytes_of(seed, a->len, a->shift);
	struct image after;

	require(write_without_memory(fd, a, data) == (ssize_t)a->len);
	require_true(path, fd, &before, a, data, (ssize_t)a->len);
	after = image_of(path);
	memset(data, 0, a->len);
	require(read_without_memory(fd, a, data) == (ssize_t)a->len);
	require(!memcmp(data, after.bytes + a->pos, a->len));
	close(fd);
	image_free(&before);
	image_free(&after);
}

static void without_memory(void **state)
{
	static const struct {
		off_t pos;
		size_t len;
		size_t shift;
	} cases[] = {
		{ 2 * BLOCK, 16 * BLOCK, 3 },	      { 2 * BLOCK + 100, 16 * BLOCK, 1 },
		{ 2 * BLOCK + 100, 16 * BLOCK, 100 }, { 3, 77, 1 },
		{ 2 * BLOCK, 16 * BLOCK + 5, 1 },
	};
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s", in_scene("file"));
	make_file(path, 1, 20 * BLOCK);
	for (int k = 0; k < KINDS; k++)
		for (size_t i = 0; i < COUNT_OF(cases); i++) {
			struct attempt a = { (enum kind)k, false, cases[i].pos, cases[i].len,
					     cases[i].shift };

			in_case("%s, case %zu", kind_name(a.kind), i);
			try_without_memory(path, &a, 2 + i + k);
		}
}

/* Without the limit there is a bounce buffer again: makes the same calls once more. */
static void with_memory_again(void **state)
{
	struct attempt a = { BY_PWRITE, false, 100, 16 * BLOCK, 1 };
	char path[256];
	struct image before;
	unsigned char *data;
	int fd;

	(void)state;
	in_case("with memory again");
	snprintf(path, sizeof(path), "%s", in_scene("file"));
	before = image_of(path);
	fd = open_for(path, &a, O_DIRECT);
	data = bytes_of(7, a.len, a.shift);
	require(by_shim(fd, &a, data) == (ssize_t)a.len);
	require_true(path, fd, &before, &a, data, (ssize_t)a.len);
	close(fd);
	image_free(&before);
}

int memory_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory),
		cmocka_unit_test(with_memory_again),
		/*
		 * Once more, now that the bounce region exists, but the limit allows no more
		 * mappings.
		 */
		cmocka_unit_test(without_memory),
	};

	/* Allocates what the test itself needs, before the limit. */
	bytes_of(0, LONGEST, 0);
	return cmocka_run_group_tests_name("faults memory", tests, NULL, NULL);
}
