/*
 * Bad input gets the kernel's own answer, and no data is moved. Every call here is made on an
 * O_DIRECT file under the shim, and as a raw system call on an ordinary file with the same
 * contents.
 *
 *	LD_PRELOAD=libdioshim.so badinput DIRECTORY
 */
#include "badinput.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transfers.h"
#include "raw.h"

#define NUMBER(call, takes) SYS_##call,
static const long transfers[] = { DIOSHIM_TRANSFERS(NUMBER) };

/* What the calls of each group take, of TRANSFER_VECTOR and TRANSFER_WRITE. */
enum group {
	readers = 0,
	writers = TRANSFER_WRITE,
	vector_readers = TRANSFER_VECTOR,
	vector_writers = TRANSFER_VECTOR | TRANSFER_WRITE,
};

static bool in_group(long nr, enum group group)
{
	return (transfer_takes(nr) & (TRANSFER_VECTOR | TRANSFER_WRITE)) == (int)group;
}

#define FOR_EACH(nr, group) \
	for (const long *nr = transfers; nr < transfers + sizeof(transfers) / sizeof(*nr); nr++) \
		if (in_group(*nr, group))

/*
 * Some have an aligned length and offset, so that only the memory is bad; the others are
 * misaligned.
 */
static const struct {
	size_t len;
	off_t pos;
} sizes[] = {
	{ 4096, 4096 }, { 4096, 0 }, { 512, 512 }, { 1, 7 }, { 4097, 4095 }, { 5000, 4096 },
};

#define FOR_SIZES(n) for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++)

static void bad_pointer(const struct scene *s, const void *to, const void *from)
{
	FOR_SIZES(n)
	{
		FOR_EACH(nr, readers)
		refused(s, (struct call){ *nr, to, sizes[n].len, sizes[n].pos, 0 }, EFAULT);
		FOR_EACH(nr, writers)
		refused(s, (struct call){ *nr, from, sizes[n].len, sizes[n].pos, 0 }, EFAULT);
	}
}

static void a_null_pointer_is_EFAULT(void **state)
{
	bad_pointer(*state, NULL, NULL);
}

static void an_inaccessible_page_is_EFAULT(void **state)
{
	struct scene *s = *state;

	bad_pointer(s, HOLE(s), HOLE(s));
	bad_pointer(s, HOLE(s) + 1, HOLE(s) + 1);
}

static void a_kernel_address_is_EFAULT(void **state)
{
	bad_pointer(*state, KERNEL, KERNEL);
}

static void reading_into_a_read_only_page_is_EFAULT(void **state)
{
	struct scene *s = *state;
	unsigned char before[PAGE];

	memcpy(before, READ_ONLY(s), PAGE);
	FOR_SIZES(n)
	FOR_EACH(nr, readers)
	refused(s, (struct call){ *nr, READ_ONLY(s), sizes[n].len, sizes[n].pos, 0 }, EFAULT);
	assert_memory_equal(READ_ONLY(s), before, PAGE);
}

static void a_bad_pointer_in_the_first_iovec_is_EFAULT(void **state)
{
	struct scene *s = *state;
	const struct iovec null[] = { { NULL, 4096 }, { s->page, 4096 } };
	const struct iovec hole[] = { { HOLE(s), 100 }, { s->page, 200 } };
	const struct iovec after_nothing[] = { { s->page, 0 }, { HOLE(s), 100 }, { s->page, 9 } };
	const struct iovec *const vectors[] = { null, hole, after_nothing };
	const size_t counts[] = { 2, 2, 3 };

	for (size_t i = 0; i < 3; i++) {
		FOR_EACH(nr, vector_readers)
		refused(s, (struct call){ *nr, vectors[i], counts[i], 4096, 0 }, EFAULT);
		FOR_EACH(nr, vector_writers)
		refused(s, (struct call){ *nr, vectors[i], counts[i], 4096, 0 }, EFAULT);
	}
}

/*
 * The kernel checks all elements before it moves a byte, also those that the call would not reach.
 */
static void a_kernel_address_in_a_later_iovec_is_EFAULT(void **state)
{
	struct scene *s = *state;
	const struct iovec vector[] = { { s->page, 100 }, { s->page, 10000 }, { KERNEL, 1 } };

	FOR_EACH(nr, vector_readers)
	refused(s, (struct call){ *nr, vector, 3, 9000, 0 }, EFAULT);
	FOR_EACH(nr, vector_writers)
	refused(s, (struct call){ *nr, vector, 3, 9000, 0 }, EFAULT);
}

static void for_all_vectored(const struct scene *s, const void *vector, size_t count, int error)
{
	FOR_EACH(nr, vector_readers)
	refused(s, (struct call){ *nr, vector, count, 4096, 0 }, error);
	FOR_EACH(nr, vector_writers)
	refused(s, (struct call){ *nr, vector, count, 4096, 0 }, error);
	make_known(s);
	FOR_EACH(nr, vector_writers)
	refused(s, (struct call){ *nr, vector, count, 4097, 0 }, error);
}

static void a_bad_iovec_array_is_EFAULT(void **state)
{
	struct scene *s = *state;
	const struct iovec good = { s->page, 100 };
	unsigned char *cut_short = HOLE(s) - sizeof(good);

	memcpy(cut_short, &good, sizeof(good));
	for_all_vectored(s, NULL, 1, EFAULT);
	for_all_vectored(s, HOLE(s), 2, EFAULT);
	for_all_vectored(s, cut_short, 2, EFAULT); /* the second is inaccessible */
	for_all_vectored(s, KERNEL, 1, EFAULT);
}

static void a_bad_iovec_count_is_EINVAL(void **state)
{
	struct scene *s = *state;
	struct iovec vector[IOV_MAX + 1];

	for (size_t i = 0; i <= IOV_MAX; i++)
		vector[i] = (struct iovec){ s->page, 1 };
	for_all_vectored(s, vector, IOV_MAX + 1, EINVAL);
	for_all_vectored(s, vector, (size_t)-1, EINVAL);
	for_all_vectored(s, vector, (size_t)INT_MIN, EINVAL);
}

static void a_negative_iovec_length_is_EINVAL(void **state)
{
	struct scene *s = *state;
	const struct iovec all[] = { { s->page, SIZE_MAX } };
	const struct iovec later[] = { { s->page, 100 }, { s->page, (size_t)SSIZE_MAX + 1 } };

	for_all_vectored(s, all, 1, EINVAL);
	for_all_vectored(s, later, 2, EINVAL);
}

/*
 * readv(2) documents EINVAL. Linux notices first that an element reaches beyond the address space.
 */
static void iovec_lengths_that_overflow_are_refused_as_by_the_kernel(void **state)
{
	struct scene *s = *state;
	const struct iovec vector[] = { { s->page, SSIZE_MAX }, { s->page, SSIZE_MAX } };

	for_all_vectored(s, vector, 2, EFAULT);
}

static void a_negative_length_is_refused_as_by_the_kernel(void **state)
{
	struct scene *s = *state;

	FOR_EACH(nr, readers)
	refused(s, (struct call){ *nr, s->page, SIZE_MAX, 1, 0 }, EFAULT);
	FOR_EACH(nr, writers)
	refused(s, (struct call){ *nr, s->page, SIZE_MAX, 1, 0 }, EFAULT);
}

static void a_negative_offset_is_EINVAL(void **state)
{
	struct scene *s = *state;
	const struct iovec vector[] = { { s->page + 1, 100 }, { s->page + 200, 300 } };
	const off_t offsets[] = { -1, -512, -4097, LLONG_MIN };

	for (size_t i = 0; i < 4; i++) {
		refused(s, (struct call){ SYS_pread64, s->page, 4096, offsets[i], 0 }, EINVAL);
		refused(s, (struct call){ SYS_pread64, s->page + 1, 1, offsets[i], 0 }, EINVAL);
		refused(s, (struct call){ SYS_pwrite64, s->page, 4096, offsets[i], 0 }, EINVAL);
		refused(s, (struct call){ SYS_pwrite64, s->page + 1, 1, offsets[i], 0 }, EINVAL);
		refused(s, (struct call){ SYS_preadv, vector, 2, offsets[i], 0 }, EINVAL);
		refused(s, (struct call){ SYS_pwritev, vector, 2, offsets[i], 0 }, EINVAL);
		if (offsets[i] == -1) /* for these calls it stands for the file offset */
			continue;
		refused(s, (struct call){ SYS_preadv2, vector, 2, offsets[i], 0 }, EINVAL);
		refused(s, (struct call){ SYS_pwritev2, vector, 2, offsets[i], 0 }, EINVAL);
	}
}

static void an_offset_beyond_the_last_is_refused_as_by_the_kernel(void **state)
{
	struct scene *s = *state;

	for (off_t before = 0; before < 2 * PAGE; before += 511) {
		struct call c = { SYS_pread64, s->page + 1, 2 * PAGE - 1, LLONG_MAX - before, 0 };
		long want = call_kernel(s->fd[ORDINARY], &c);
		int error = errno;

		errno = 0;
		assert_int_equal(call_library(s->fd[DIRECT], &c), want);
		if (want < 0)
			assert_int_equal(errno, error);
		assert_nothing_moved(s, DIRECT);
	}
}

static void unknown_flags_are_EOPNOTSUPP(void **state)
{
	struct scene *s = *state;
	const struct iovec vector[] = { { s->page + 1, 100 }, { s->page + 200, 300 } };

	refused(s, (struct call){ SYS_preadv2, vector, 2, 1, 1 << 30 }, EOPNOTSUPP);
	refused(s, (struct call){ SYS_pwritev2, vector, 2, 1, 1 << 30 }, EOPNOTSUPP);
}

static void writing_to_a_read_only_descriptor_is_EBADF(void **state)
{
	struct scene *s = *state;
	const struct iovec vector[] = { { s->page + 1, 100 }, { s->page + 200, 300 } };

	reopen(s, O_RDONLY);
	make_known(s);
	FOR_SIZES(n)
	FOR_EACH(nr, writers)
	refused(s, (struct call){ *nr, s->page, sizes[n].len, sizes[n].pos, 0 }, EBADF);
	FOR_EACH(nr, vector_writers)
	refused(s, (struct call){ *nr, vector, 2, 1, 0 }, EBADF);
	refused(s, (struct call){ SYS_write, HOLE(s), 100, 0, 0 }, EBADF);
}

static void reading_from_a_write_only_descriptor_is_EBADF(void **state)
{
	struct scene *s = *state;
	const struct iovec vector[] = { { s->page + 1, 100 }, { s->page + 200, 300 } };

	reopen(s, O_WRONLY);
	for (enum which which = 0; which < SIDES; which++)
		assert_int_equal(pwrite(s->fd[which], s->contents + 1, 1, 1), 1);
	FOR_SIZES(n)
	FOR_EACH(nr, readers)
	refused(s, (struct call){ *nr, s->page, sizes[n].len, sizes[n].pos, 0 }, EBADF);
	FOR_EACH(nr, vector_readers)
	refused(s, (struct call){ *nr, vector, 2, 1, 0 }, EBADF);
}

static void an_invalid_descriptor_is_EBADF(void **state)
{
	struct scene *s = *state;
	const int numbers[] = { -1, INT_MIN, INT_MAX, s->fd[DIRECT] + 1000 };
	const struct iovec vector[] = { { s->page + 1, 100 }, { s->page + 200, 300 } };

	for (size_t i = 0; i < 4; i++) {
		errno = 0;
		assert_int_equal(read(numbers[i], s->page + 1, 3), -1);
		assert_int_equal(errno, EBADF);
		errno = 0;
		assert_int_equal(pwrite(numbers[i], s->page + 1, 3, 1), -1);
		assert_int_equal(errno, EBADF);
		errno = 0;
		assert_int_equal(writev(numbers[i], vector, 2), -1);
		assert_int_equal(errno, EBADF);
	}
}

/* The shim does not see the close, and may still take the descriptor for a direct file's. */
static void a_closed_descriptor_is_EBADF(void **state)
{
	struct scene *s = *state;
	int fd = open_side(s, DIRECT, O_RDWR);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, 1), 1);
	raw_syscall(SYS_close, fd);
	errno = 0;
	assert_int_equal(pread(fd, &byte, 1, 1), -1);
	assert_int_equal(errno, EBADF);
	errno = 0;
	assert_int_equal(pwrite(fd, &byte, 1, 1), -1);
	assert_int_equal(errno, EBADF);
}

static void a_path_descriptor_is_EBADF(void **state)
{
	struct scene *s = *state;
	int fd = openat(s->dir, names[DIRECT], O_PATH);

	assert_true(fd >= 0);
	errno = 0;
	assert_int_equal(read(fd, s->page + 1, 3), -1);
	assert_int_equal(errno, EBADF);
	errno = 0;
	assert_int_equal(write(fd, s->page + 1, 3), -1);
	assert_int_equal(errno, EBADF);
	close(fd);
}

static void reading_a_directory_is_EISDIR(void **state)
{
	struct scene *s = *state;

	errno = 0;
	assert_int_equal(read(s->dir, s->page + 1, 3), -1);
	assert_int_equal(errno, EISDIR);
	errno = 0;
	assert_int_equal(pread(s->dir, s->page + 1, 3, 5), -1);
	assert_int_equal(errno, EISDIR);
	errno = 0;
	assert_int_equal(write(s->dir, s->page + 1, 3), -1);
	assert_int_equal(errno, EBADF);
}

/* The shim does not see that a directory's descriptor replaces the direct file's. */
static void a_directory_that_replaces_a_direct_file_is_EISDIR(void **state)
{
	struct scene *s = *state;
	int fd = open_side(s, DIRECT, O_RDWR);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, 1), 1);
	assert_true(raw_syscall(SYS_dup3, s->dir, fd, 0) == fd);
	errno = 0;
	assert_int_equal(pread(fd, &byte, 1, 1), -1);
	assert_int_equal(errno, EISDIR);
	close(fd);
}

static void a_call_for_zero_bytes_does_nothing(void **state)
{
	struct scene *s = *state;
	const struct iovec nothing[] = { { NULL, 0 }, { s->page + 1, 0 } };

	make_known(s);
	FOR_EACH(nr, readers)
	succeeds_with(s, (struct call){ *nr, NULL, 0, 7, 0 }, 0);
	FOR_EACH(nr, writers)
	succeeds_with(s, (struct call){ *nr, NULL, 0, 7, 0 }, 0);
	FOR_EACH(nr, vector_readers)
	succeeds_with(s, (struct call){ *nr, nothing, 2, 7, 0 }, 0);
	FOR_EACH(nr, vector_writers)
	succeeds_with(s, (struct call){ *nr, nothing, 2, 7, 0 }, 0);
	FOR_EACH(nr, vector_readers)
	succeeds_with(s, (struct call){ *nr, NULL, 0, 7, 0 }, 0);
	assert_nothing_moved(s, DIRECT);
}

#define MOST_AT_ONCE 0x7ffff000L /* MAX_RW_COUNT */
#define HUGE (3L << 30)

/* Maps more memory than one call can move. Returns NULL on failure. */
static unsigned char *map_huge(void)
{
	unsigned char *map = mmap(NULL, HUGE + PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

/*
 * Lengths of more than 2 GiB. To move that much may need more memory than the machine has, so the
 * calls are made near the end of the file, where there are few bytes to move.
 */
static void reading_over_2_GiB_near_the_end_returns_the_rest(void **state)
{
	struct scene *s = *state;
	unsigned char *map = map_huge();

	assert_non_null(map);
	succeeds_with(s, (struct call){ SYS_pread64, map + 1, HUGE, 1, 0 }, FILE_SIZE - 1);
	assert_memory_equal(map + 1, s->contents + 1, FILE_SIZE - 1);
	succeeds_with(s, (struct call){ SYS_read, map + 3, HUGE - 5, 0, 0 }, FILE_SIZE - START);
	assert_memory_equal(map + 3, s->contents + START, FILE_SIZE - START);
	succeeds_with(s, (struct call){ SYS_pread64, map, HUGE, 0, 0 }, FILE_SIZE);
	succeeds_with(s, (struct call){ SYS_pread64, map, HUGE, FILE_SIZE, 0 }, 0);
	munmap(map, HUGE + PAGE);
}

/* The kernel moves MOST_AT_ONCE bytes and returns a short count, and so must the shim. */
static void reading_3_GiB_of_a_sparse_file_stops_at_the_kernels_limit(void **state)
{
	struct scene *s = *state;
	unsigned char *map = map_huge();
	const struct iovec vector[] = { { map + 1, HUGE / 2 }, { map + 1 + HUGE / 2, HUGE / 2 } };
	int fd = s->fd[DIRECT];
	long pages = sysconf(_SC_AVPHYS_PAGES);

	assert_non_null(map);
	if (pages / 1024 * PAGE / 1024 < 3072) {
		munmap(map, HUGE + PAGE);
		print_message("needs 3 GiB of free memory\n");
		skip();
	}
	assert_int_equal(ftruncate(fd, HUGE + FILE_SIZE), 0);
	assert_int_equal(pread(fd, map + 1, HUGE, 1), MOST_AT_ONCE);
	assert_memory_equal(map + 1, s->contents + 1, FILE_SIZE - 1);
	assert_int_equal(map[1 + MOST_AT_ONCE], 0);
	madvise(map, HUGE, MADV_DONTNEED);
	assert_true(lseek(fd, START, SEEK_SET) == START);
	assert_int_equal(readv(fd, vector, 2), MOST_AT_ONCE);
	assert_true(lseek(fd, 0, SEEK_CUR) == START + MOST_AT_ONCE);
	assert_memory_equal(map + 1, s->contents + START, FILE_SIZE - START);
	munmap(map, HUGE + PAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_null_pointer_is_EFAULT),
		TEST(an_inaccessible_page_is_EFAULT),
		TEST(a_kernel_address_is_EFAULT),
		TEST(reading_into_a_read_only_page_is_EFAULT),
		TEST(a_bad_pointer_in_the_first_iovec_is_EFAULT),
		TEST(a_kernel_address_in_a_later_iovec_is_EFAULT),
		TEST(a_bad_iovec_array_is_EFAULT),
		TEST(a_bad_iovec_count_is_EINVAL),
		TEST(a_negative_iovec_length_is_EINVAL),
		TEST(iovec_lengths_that_overflow_are_refused_as_by_the_kernel),
		TEST(a_negative_length_is_refused_as_by_the_kernel),
		TEST(a_negative_offset_is_EINVAL),
		TEST(an_offset_beyond_the_last_is_refused_as_by_the_kernel),
		TEST(unknown_flags_are_EOPNOTSUPP),
		TEST(writing_to_a_read_only_descriptor_is_EBADF),
		TEST(reading_from_a_write_only_descriptor_is_EBADF),
		TEST(an_invalid_descriptor_is_EBADF),
		TEST(a_closed_descriptor_is_EBADF),
		TEST(a_path_descriptor_is_EBADF),
		TEST(reading_a_directory_is_EISDIR),
		TEST(a_directory_that_replaces_a_direct_file_is_EISDIR),
		TEST(a_call_for_zero_bytes_does_nothing),
		TEST(reading_over_2_GiB_near_the_end_returns_the_rest),
		TEST(reading_3_GiB_of_a_sparse_file_stops_at_the_kernels_limit),
	};

	if (argc != 2 && (argc != 3 || strcmp(argv[2], "--small") != 0)) {
		fputs("usage: badinput DIRECTORY [--small]\n", stderr);
		return 2;
	}
	directory = argv[1];
	/* Most of their time goes into clearing memory. */
	if (argc == 3)
		cmocka_set_skip_filter("reading_*_GiB_*");
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
