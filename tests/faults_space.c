/* A disk that fills up, and a quota that is used up, in the middle of a request. See faults.h. */
#include "faults.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/*
 * Where a write needs more than its own blocks (for copy on write, or for the extent map of a
 * fragmented file), how much fits also depends on how the shim divides the write. Any true count is
 * right then.
 */
static bool in_many_pieces;

/* How often a request did not fit: else nothing of all this was shown. */
static unsigned times_full;

static bool room_is_exact(void)
{
	return !in_many_pieces && !getenv("DIOSHIM_TEST_INEXACT");
}

/*
 * Linux 5.10, ext4: a direct write that does not fit frees the blocks that the file had beyond its end, and then up to
 * a block less fits into one call, also on an ordinary descriptor. Linux 6.18 frees them, too, but all fit again.
 */
static ssize_t lost_to_a_refusal(void)
{
	struct utsname kernel;

	return !uname(&kernel) && atoi(kernel.release) < 6 ? BLOCK : 0;
}

/*
 * Allocates all free space. A file keeps what it was allocated before, so the test chooses where
 * the next write fails.
 */
static void fill_disk(const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	off_t least = getenv("DIOSHIM_TEST_INEXACT") ? 64 * BLOCK : BLOCK / 4;
	off_t end = 0;

	if (fd < 0 && errno == ENOSPC)
		return;
	if (fd < 0)
		err(99, "%s", path);
	for (off_t chunk = (off_t)1 << 30; chunk >= least; chunk /= 2)
		while (!fallocate(fd, 0, end, chunk))
			end += chunk;
	close(fd);
}

/* Not sync(2), which would also write out other filesystems. */
static void sync_scene(void)
{
	int fd = open(scene, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || syncfs(fd))
		err(99, "%s", scene);
	close(fd);
}

/*
 * Twice: some filesystems give up a reserve only on a second attempt, and need space for the file's
 * extent map.
 */
static void fill_up(void)
{
	fill_disk(in_scene("filler"));
	fill_disk(in_scene("filler2"));
	sync_scene();
}

static void make_room(void)
{
	unlink(in_scene("filler"));
	unlink(in_scene("filler2"));
	sync_scene();
}

/* The request: a head, whole blocks, a tail. */
static const off_t request_pos = 2 * BLOCK + 100;

/* Makes a file of `size` bytes, with space allocated for `room`. */
static void make_file_with_room(const char *path, size_t size, off_t room)
{
	int fd;

	unlink(path);
	make_file(path, 1, size);
	fd = open(path, O_WRONLY);
	if (fd < 0 || (room > (off_t)size && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, room)))
		err(99, "%s", path);
	if (fsync(fd) || close(fd))
		err(99, "%s", path);
}

/* Returns how much the kernel writes through an ordinary descriptor there. */
static ssize_t ordinary_answer(const char *path, const struct attempt *a, size_t size, off_t room)
{
	ssize_t ret;
	int fd;

	make_file_with_room(path, size, room);
	fill_up();
	fd = open_for(path, a, 0);
	ret = by_kernel(fd, a, bytes_of(2, a->len, a->shift));
	require(ret == -1 ? errno == ENOSPC : ret > 0);
	close(fd);
	make_room();
	unlink(path);
	return ret;
}

/* Requires that the rest of the request, on the full disk, fails with ENOSPC. */
static void require_full(int fd, const struct attempt *a, unsigned char *data, ssize_t ret)
{
	struct attempt rest = *a;

	rest.pos += ret;
	rest.len -= ret;
	require(by_shim(fd, &rest, data + ret) == -1 && errno == ENOSPC);
}

/* Whether the shim moves as much as the kernel does for an ordinary descriptor. */
static bool as_much_as_ordinary(const struct attempt *a, size_t size, off_t room)
{
	char path[256];
	struct image before;
	unsigned char *data;
	ssize_t ordinary;
	ssize_t ret;
	bool same = true;
	int fd;

	snprintf(path, sizeof(path), "%s", in_scene("file"));
	ordinary = room_is_exact() ? ordinary_answer(path, a, size, room) : 0;
	make_file_with_room(path, size, room);
	fill_up();
	before = image_of(path);
	fd = open_for(path, a, O_DIRECT);
	data = bytes_of(2, a->len, a->shift);
	errno = 0;
	ret = by_shim(fd, a, data);
	require(ret != -1 || errno == ENOSPC);
	times_full += ret < (ssize_t)a->len;
	require_true(path, fd, &before, a, data, ret);
	if (room_is_exact()) {
		same = ret == ordinary ||
		       (ret > 0 && ret < ordinary && ordinary - ret <= lost_to_a_refusal());
		if (!same)
			fprintf(stderr, "# %zd, on an ordinary descriptor %zd\n", ret, ordinary);
		if (ret == ordinary && ret > 0 && (size_t)ret < a->len)
			require_full(fd, a, data, ret);
	}
	make_room();
	require_completes(path, fd, &before, a, data, ret);
	close(fd);
	unlink(path);
	image_free(&before);
	return same;
}

/*
 * Where exactly the space ends also depends on when the filesystem commits its journal, which may
 * differ between the two writes that are compared. So it tries again; a fault of the shim shows
 * each time.
 */
static void try_full(const struct attempt *a, size_t size, off_t room)
{
	enum { TRIES = 3 };

	for (int i = 1; !as_much_as_ordinary(a, size, room); i++)
		require(i < TRIES);
}

static void require_was_full(unsigned least)
{
	require(times_full >= least);
	times_full = 0;
}

/* Where the space ends in the request. */
static const struct {
	const char *name;
	off_t blocks;
} ends[] = {
	{ "before the head", 2 },     { "after the head", 3 },
	{ "in the whole blocks", 8 }, { "before the last whole block", 17 },
	{ "before the tail", 18 },    { "nowhere", 19 },
};

/*
 * With the first, whole blocks are aligned in the caller's memory; with the second, they need a
 * bounce buffer.
 */
static const size_t shifts[] = { 100, 1 };

static void full_in_each_segment(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		for (size_t s = 0; s < COUNT_OF(shifts); s++) {
			struct attempt a = { (enum kind)((i + s) % KINDS), false, request_pos,
					     16 * BLOCK, shifts[s] };

			in_case("space ends %s, %s, address + %zu", ends[i].name, kind_name(a.kind),
				a.shift);
			try_full(&a, 2 * BLOCK, ends[i].blocks * BLOCK);
		}
	require_was_full(COUNT_OF(shifts) * (COUNT_OF(ends) - 1));
}

static void full_under_an_append(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct attempt a = { (enum kind)(i % KINDS), true, request_pos, 16 * BLOCK, 1 };

		/*
		 * The last block of the file exists already, and has room for the start of the
		 * append.
		 */
		if (ends[i].blocks * BLOCK < request_pos)
			continue;
		in_case("space ends %s, append by %s", ends[i].name, kind_name(a.kind));
		try_full(&a, request_pos, ends[i].blocks * BLOCK);
	}
	require_was_full(COUNT_OF(ends) - 2);
}

/* Whole blocks at an aligned end of file; only the buffer is misaligned. */
static void full_under_an_aligned_append(void **state)
{
	/* More than fill_disk() leaves. */
	size_t blocks = getenv("DIOSHIM_TEST_INEXACT") ? 256 : 16;
	struct attempt a = { BY_WRITE, true, 2 * BLOCK, blocks * BLOCK, 3 };

	(void)state;
	in_case("aligned append from a misaligned buffer");
	try_full(&a, 2 * BLOCK, 8 * BLOCK);
	require_was_full(1);
}

/* More than one bounce buffer holds. */
static void full_in_a_long_request(void **state)
{
	static const off_t blocks[] = { 3, 300, 1000, 1282 };

	(void)state;
	in_many_pieces = true;
	for (size_t i = 0; i < COUNT_OF(blocks); i++) {
		struct attempt a = { BY_PWRITE, false, request_pos, 1280 * BLOCK, 1 };

		in_case("5 MiB, space for %lld blocks", (long long)blocks[i]);
		try_full(&a, 2 * BLOCK, blocks[i] * BLOCK);
	}
	require_was_full(COUNT_OF(blocks) - 1);
}

/* Fewer cases for btrfs, where each takes a second. */
static int few_space_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_under_an_aligned_append),
		cmocka_unit_test(full_in_a_long_request),
	};

	return cmocka_run_group_tests_name("faults space", tests, NULL, NULL);
}

int space_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_in_each_segment),
		cmocka_unit_test(full_under_an_append),
		cmocka_unit_test(full_under_an_aligned_append),
		cmocka_unit_test(full_in_a_long_request),
	};

	if (getenv("DIOSHIM_TEST_INEXACT"))
		return few_space_tests();
	return cmocka_run_group_tests_name("faults space", tests, NULL, NULL);
}

/* The scene's quota is 1 MiB in all. */
static void quota_in_the_middle(void **state)
{
	char path[256];
	struct attempt a = { BY_WRITE, false, 100, 4u << 20, 1 };
	struct image before;
	unsigned char *data;
	ssize_t first;
	ssize_t ret;
	size_t done;
	int fd;

	(void)state;
	in_case("quota");
	snprintf(path, sizeof(path), "%s", in_scene("file"));
	make_file(path, 1, 100);
	before = image_of(path);
	fd = open_for(path, &a, O_DIRECT);
	data = bytes_of(2, a.len, a.shift);
	first = ret = by_shim(fd, &a, data);
	for (done = ret > 0 ? ret : 0; ret > 0 && done<a.len; done += ret> 0 ? ret : 0)
		ret = write(fd, data + done, a.len - done);
	require(ret == -1 && errno == EDQUOT);
	require_true(path, fd, &before, &a, data, done ? (ssize_t)done : first);
	close(fd);
	image_free(&before);
}

int quota_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(quota_in_the_middle),
	};

	return cmocka_run_group_tests_name("faults quota", tests, NULL, NULL);
}
