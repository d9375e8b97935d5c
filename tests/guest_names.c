/* Names: every way to say open, read and write leads to the shim, and what open takes arrives. */
#include "guest.h"

#include <sys/stat.h>
#include <sys/uio.h>

int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
ssize_t __read(int fd, void *buf, size_t len);
ssize_t __write(int fd, const void *buf, size_t len);
ssize_t __pread64(int fd, void *buf, size_t len, off64_t off);
ssize_t __pwrite64(int fd, const void *buf, size_t len, off64_t off);
int __close(int fd);
int __fcntl(int fd, int cmd, ...);
int __dup2(int from, int to);

enum { LEN = 1001 };

static void double_underscore_names_are_covered(void **state)
{
	int fd = __open(in_dir("names"), O_CREAT | O_TRUNC | O_RDWR | O_DIRECT, 0600);
	unsigned char back[LEN];

	(void)state;
	assert_int_equal(__write(fd, odd_bytes(1, LEN), LEN), LEN);
	assert_int_equal(__pwrite64(fd, odd_bytes(2, LEN), LEN, LEN), LEN);
	assert_true(holds("names", 0, 1, LEN) && holds("names", LEN, 2, LEN));
	assert_int_equal(__dup2(fd, 77), 77);
	assert_int_equal(__close(fd), 0);
	assert_int_equal(__read(77, back, LEN), LEN);
	assert_memory_equal(back, odd_bytes(2, LEN), LEN);
	assert_int_equal(__pread64(77, back, LEN, 0), LEN);
	assert_memory_equal(back, odd_bytes(1, LEN), LEN);
	assert_true(__fcntl(77, F_GETFL) & O_DIRECT);
	__close(77);
	fd = __open64(in_dir("names"), O_RDWR | O_DIRECT);
	assert_true(moves_data(fd, 3, 3, LEN));
	close(fd);
}

static void lfs64_names_are_covered(void **state)
{
	int fd = open64(in_dir("names"), O_CREAT | O_TRUNC | O_RDWR | O_DIRECT, 0600);
	unsigned char back[2 * LEN];
	struct iovec out = { odd_bytes(4, LEN), LEN };
	struct iovec in = { back + 1, LEN };

	(void)state;
	assert_int_equal(pwrite64(fd, out.iov_base, LEN, 0), LEN);
	assert_int_equal(pwritev64(fd, &out, 1, LEN), LEN);
	assert_int_equal(pwritev64v2(fd, &out, 1, 2 * LEN, 0), LEN);
	assert_int_equal(pread64(fd, back + 1, LEN, 0), LEN);
	assert_memory_equal(back + 1, out.iov_base, LEN);
	assert_int_equal(preadv64(fd, &in, 1, LEN), LEN);
	assert_memory_equal(back + 1, out.iov_base, LEN);
	assert_int_equal(preadv64v2(fd, &in, 1, 2 * LEN, 0), LEN);
	assert_memory_equal(back + 1, out.iov_base, LEN);
	assert_true(fcntl64(fd, F_GETFL) & O_DIRECT);
	close(fd);
}

static mode_t mode_of(int fd)
{
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(close(fd), 0);
	unlink(in_dir("mode"));
	return st.st_mode & 07777;
}

static void the_mode_of_a_new_file_arrives(void **state)
{
	const int flags = O_CREAT | O_EXCL | O_RDWR | O_DIRECT;

	(void)state;
	umask(0);
	assert_int_equal(mode_of(open(in_dir("mode"), flags, 0604)), 0604);
	assert_int_equal(mode_of(open64(in_dir("mode"), flags, 0614)), 0614);
	assert_int_equal(mode_of(__open(in_dir("mode"), flags, 0624)), 0624);
	assert_int_equal(mode_of(__open64(in_dir("mode"), flags, 0634)), 0634);
	assert_int_equal(mode_of(openat(AT_FDCWD, in_dir("mode"), flags, 0644)), 0644);
	assert_int_equal(mode_of(openat64(AT_FDCWD, in_dir("mode"), flags, 0654)), 0654);
	assert_int_equal(mode_of(creat(in_dir("mode"), 0664)), 0664);
	assert_int_equal(mode_of(creat64(in_dir("mode"), 0674)), 0674);
}

static void the_mode_of_a_temporary_file_arrives(void **state)
{
	const int flags = O_TMPFILE | O_RDWR | O_DIRECT;
	int fd = open(in_dir("."), flags, 0640);

	(void)state;
	if (fd < 0 && errno == EOPNOTSUPP)
		skip();
	assert_true(moves_data(fd, 3, 5, LEN));
	assert_int_equal(mode_of(fd), 0640);
	assert_int_equal(mode_of(open64(in_dir("."), flags, 0641)), 0641);
	assert_int_equal(mode_of(openat(AT_FDCWD, in_dir("."), flags, 0642)), 0642);
	assert_int_equal(mode_of(openat64(AT_FDCWD, in_dir("."), flags, 0643)), 0643);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(double_underscore_names_are_covered),
	cmocka_unit_test(lfs64_names_are_covered),
	cmocka_unit_test(the_mode_of_a_new_file_arrives),
	cmocka_unit_test(the_mode_of_a_temporary_file_arrives),
};

SUITE(names_suite, tests);
