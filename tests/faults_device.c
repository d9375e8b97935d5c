/* A device that ends, and one that fails, in each segment of a request. See faults.h. */
#include "faults.h"
#include "raw.h"

#include <err.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The end of a device: the answers must be those of an ordinary descriptor on a device of the same
 * size.
 */

#define END_PART (64 * BLOCK)

static off_t device_size(const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);

	if (fd < 0 || size < END_PART)
		err(99, "%s", path);
	close(fd);
	return size;
}

static void end_of_device(const char *path, off_t size, unsigned char *bytes)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fdatasync(fd))
		err(99, "%s", path);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (raw_syscall(SYS_pread64, fd, bytes, END_PART, size - END_PART) != END_PART)
		err(99, "%s", path);
	close(fd);
}

static void try_write_at_end(const char *twin, const struct attempt *a, off_t size)
{
	static unsigned char ends[2][END_PART];
	const char *paths[2] = { twin, scene };
	unsigned char *data = bytes_of(3, a->len, a->shift);
	ssize_t rets[2];
	off_t offsets[2];
	int errors[2];

	for (int i = 0; i < 2; i++) {
		int fd = open(paths[i], O_RDWR | (i ? O_DIRECT : 0));

		lseek(fd, a->pos, SEEK_SET);
		errno = 0;
		rets[i] = i ? by_shim(fd, a, data) : by_kernel(fd, a, data);
		errors[i] = errno;
		offsets[i] = lseek(fd, 0, SEEK_CUR);
		close(fd);
		end_of_device(paths[i], size, ends[i]);
	}
	require(rets[1] == rets[0]);
	require(errors[1] == errors[0]);
	require(offsets[1] == offsets[0]);
	require(!memcmp(ends[1], ends[0], END_PART));
}

static void try_read_at_end(const char *twin, off_t pos, size_t len, bool positional)
{
	static unsigned char got[2][20 * BLOCK];
	const char *paths[2] = { twin, scene };
	ssize_t rets[2];
	off_t offsets[2];

	memset(got, 0, sizeof(got));
	for (int i = 0; i < 2; i++) {
		int fd = open(paths[i], O_RDONLY | (i ? O_DIRECT : 0));

		lseek(fd, pos, SEEK_SET);
		if (i)
			rets[i] = positional ? pread(fd, got[i] + 1, len, pos)
					     : read(fd, got[i] + 1, len);
		else
			rets[i] = positional ? raw_syscall(SYS_pread64, fd, got[i] + 1, len, pos)
					     : raw_syscall(SYS_read, fd, got[i] + 1, len);
		offsets[i] = lseek(fd, 0, SEEK_CUR);
		close(fd);
		/* The bytes past the count are unspecified. */
		if (rets[i] >= 0)
			memset(got[i] + 1 + rets[i], 0, sizeof(got[i]) - 1 - rets[i]);
	}
	require(rets[1] == rets[0]);
	require(offsets[1] == offsets[0]);
	require(!memcmp(got[1], got[0], sizeof(got[0])));
}

/* Where a request of 16 blocks begins, in bytes before the end of the device. */
static const off_t before_end[] = {
	0,
	1,
	100,
	511,
	512,
	BLOCK - 1,
	BLOCK + 100,
	5 * BLOCK + 7,
	15 * BLOCK + 3996,
	16 * BLOCK,
	16 * BLOCK - 1,
	-1,
	-513, /* lseek() cannot go there; a call with an offset can */
};

static const char *twin_device(void)
{
	const char *twin = getenv("DIOSHIM_TEST_TWIN");

	if (!twin)
		errx(99, "DIOSHIM_TEST_TWIN is not set; run this through faults.bats");
	return twin;
}

static void the_end_of_a_device(void **state)
{
	const char *twin = twin_device();
	off_t size = device_size(scene);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(before_end); i++)
		for (int k = 0; k < KINDS; k++) {
			struct attempt a = { (enum kind)k, false, size - before_end[i],
					     16 * BLOCK - (size_t)(k % 2), k % 2 ? 100 : 1 };

			if (before_end[i] < 0 && (k == BY_WRITE || k == BY_WRITEV))
				continue;
			in_case("%lld before the end, %s", (long long)before_end[i],
				kind_name(a.kind));
			try_write_at_end(twin, &a, size);
			try_read_at_end(twin, a.pos, a.len, k != BY_WRITE && k != BY_WRITEV);
		}
}

int end_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_a_device),
	};

	return cmocka_run_group_tests_name("faults end", tests, NULL, NULL);
}

/*
 * A device that fails: fuse_faulty.c is the filesystem of the file, or of the device that the file
 * is on.
 */

static void set_fault(const char *operation, off_t start, size_t len)
{
	const char *path = getenv("DIOSHIM_TEST_CUE");
	int fd = path ? open(path, O_WRONLY) : -1;
	char cue[100];
	int n = snprintf(cue, sizeof(cue), "%s %lld %zu\n", operation, (long long)start, len);

	if (fd < 0 || raw_syscall(SYS_write, fd, cue, n) != n)
		err(99, "DIOSHIM_TEST_CUE %s", path ? path : "is not set");
	close(fd);
}

/* Returns whether the scene is a small file system of the test's own, on a device that fails. */
static bool own_device(void)
{
	return getenv("DIOSHIM_TEST_ON_DEVICE");
}

/*
 * Returns where the file's byte `pos` is on the device; `pos` itself if no filesystem is in
 * between.
 */
static off_t physical(const char *path, off_t pos)
{
	struct {
		struct fiemap map;
		struct fiemap_extent extent[4];
	} q = { .map = { .fm_length = FIEMAP_MAX_OFFSET,
			 .fm_flags = FIEMAP_FLAG_SYNC,
			 .fm_extent_count = 4 } };
	int fd;

	if (!own_device())
		return pos;
	fd = open(path, O_RDONLY);
	if (fd < 0 || ioctl(fd, FS_IOC_FIEMAP, &q.map) || q.map.fm_mapped_extents != 1 ||
	    (off_t)q.extent[0].fe_length < pos)
		err(99, "FS_IOC_FIEMAP: %s is not in one extent", path);
	close(fd);
	return (off_t)q.extent[0].fe_physical + pos;
}

static const off_t request_pos = 2 * BLOCK + 100;

/* The block of the request that fails. */
static const struct {
	const char *name;
	off_t block;
} bad[] = {
	{ "the head", 2 },   { "the first whole block", 3 },
	{ "the middle", 8 }, { "the last whole block", 17 },
	{ "the tail", 18 },
};

static const size_t shifts[] = { 100, 1 };

static void try_write_error(const struct attempt *a, off_t bad_block)
{
	char path[256];
	struct image before;
	unsigned char *data;
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "%s", in_scene("file"));
	make_file(path, 1, 20 * BLOCK);
	before = image_of(path);
	fd = open_for(path, a, O_DIRECT);
	set_fault("write", physical(path, bad_block * BLOCK), BLOCK);
	data = bytes_of(2, a->len, a->shift);
	errno = 0;
	ret = by_shim(fd, a, data);
	require(ret == -1 ? errno == EIO : ret <= bad_block * BLOCK - a->pos);
	require_true(path, fd, &before, a, data, ret);
	set_fault("none", 0, 0);
	require_completes(path, fd, &before, a, data, ret);
	close(fd);
	image_free(&before);
}

static void writing_to_a_bad_block(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		for (size_t s = 0; s < COUNT_OF(shifts); s++)
			for (int k = 0; k < KINDS; k++) {
				struct attempt a = { (enum kind)k, false, request_pos, 16 * BLOCK,
						     shifts[s] };

				in_case("%s fails, %s, address + %zu", bad[i].name,
					kind_name(a.kind), a.shift);
				try_write_error(&a, bad[i].block);
			}
}

static void require_read(const unsigned char *got, ssize_t ret, const struct image *file, off_t pos)
{
	for (ssize_t n = 0; n < ret; n++)
		require(got[n] == file->bytes[pos + n]);
}

static void try_read_error(off_t pos, size_t len, size_t shift, off_t bad_block, bool positional)
{
	char path[256];
	struct attempt a = { positional ? BY_PWRITE : BY_WRITE, false, pos, len, shift };
	bool touches = pos < (bad_block + 1) * BLOCK && pos + (off_t)len > bad_block * BLOCK;
	struct image file;
	unsigned char *got;
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "%s", in_scene("file"));
	file = image_of(path);
	fd = open_for(path, &a, O_DIRECT);
	set_fault("read", physical(path, bad_block * BLOCK), BLOCK);
	got = bytes_of(9, len, shift);
	errno = 0;
	ret = positional ? pread(fd, got, len, pos) : read(fd, got, len);
	set_fault("none", 0, 0);
	if (!touches)
		require(ret == (ssize_t)len);
	else
		require(ret == -1 ? errno == EIO : ret <= bad_block * BLOCK - pos);
	require(ret != 0);
	require_read(got, ret, &file, pos);
	if (!positional)
		require(lseek(fd, 0, SEEK_CUR) == pos + (ret > 0 ? ret : 0));
	require(pread(fd, got, len, pos) == (ssize_t)len);
	require_read(got, (ssize_t)len, &file, pos);
	close(fd);
	image_free(&file);
}

static void reading_a_bad_block(void **state)
{
	(void)state;
	make_file(in_scene("file"), 1, 20 * BLOCK);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		for (size_t s = 0; s < COUNT_OF(shifts); s++) {
			in_case("%s fails, read, address + %zu", bad[i].name, shifts[s]);
			try_read_error(request_pos, 16 * BLOCK, shifts[s], bad[i].block, s);
			try_read_error(request_pos, 16 * BLOCK, shifts[s], bad[i].block, !s);
		}
}

/* Reads up to the bad block, and from its end on, must not fail for it. */
static void reading_next_to_a_bad_block(void **state)
{
	(void)state;
	in_case("reads next to a bad block");
	make_file(in_scene("file"), 1, 20 * BLOCK);
	try_read_error(7 * BLOCK + 1, BLOCK - 1, 1, 8, true);
	try_read_error(5 * BLOCK + 1, 3 * BLOCK - 1, 3, 8, false);
	try_read_error(9 * BLOCK, 3, 1, 8, true);
	try_read_error(9 * BLOCK, 2 * BLOCK + 3, 3, 8, false);
}

/*
 * ext4 of Linux 6.1 leaves in the file what its new blocks held before, if they cannot be written; so does a write with
 * O_DSYNC on an ordinary descriptor. Here they held zeros.
 */
static void remove_and_clear(const char *file)
{
	static const unsigned char zeros[64 << 10];
	const char *path = in_scene("zeros");
	int fd;

	/* Elsewhere it would fill the disk of the machine. */
	if (!own_device())
		return;
	/* What it had is free after the next commit of the journal. */
	require(!unlink(file));
	sync();
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	require(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	require(!fsync(fd));
	close(fd);
	require(!unlink(path));
	sync();
}

/*
 * An append through the page cache that fails to reach the device has made the file longer, as an
 * ordinary append with O_SYNC does. The answer is still EIO, and the offset stays.
 */
static void appending_to_a_device_that_fails(void **state)
{
	struct attempt a = { BY_WRITE, true, 20 * BLOCK + 100, 3 * BLOCK, 1 };
	char path[256];
	struct image before;
	unsigned char *data;
	ssize_t ret;
	int fd;

	(void)state;
	in_case("append");
	snprintf(path, sizeof(path), "%s", in_scene("file"));
	remove_and_clear(path);
	make_file(path, 1, a.pos);
	before = image_of(path);
	fd = open_for(path, &a, O_DIRECT);
	/*
	 * Only the last block of the file has a place on the device yet; the rest of the append has
	 * none.
	 */
	set_fault("write", physical(path, 20 * BLOCK), BLOCK);
	data = bytes_of(2, a.len, a.shift);
	errno = 0;
	ret = by_shim(fd, &a, data);
	require(ret == -1 && errno == EIO);
	require_true(path, fd, &before, &a, data, ret);
	set_fault("none", 0, 0);
	close(fd);
	image_free(&before);
}

int error_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writing_to_a_bad_block),
		cmocka_unit_test(reading_a_bad_block),
		cmocka_unit_test(reading_next_to_a_bad_block),
		cmocka_unit_test(appending_to_a_device_that_fails),
	};

	return cmocka_run_group_tests_name("faults error", tests, NULL, NULL);
}
