/* Descriptors that the file system opens with O_DIRECT, and then refuses calls on. See refused_test.h. */
#include "refused_test.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

enum { SIZE = 100000 };

static unsigned char memory[1 << 18] __attribute__((aligned(1 << 16)));
static bool all_refused;

static unsigned char byte_of(size_t n)
{
	return (unsigned char)(n * 7 + n / 253);
}

/* Without the shim, and without O_DIRECT. */
static int existing(const char *name, int flags)
{
	int fd = (int)raw_syscall(SYS_openat, AT_FDCWD, in_dir(name), O_RDWR | O_CREAT | O_TRUNC,
				  0600);

	for (size_t n = 0; n < SIZE; n++)
		memory[n] = byte_of(n);
	assert_int_equal(raw_syscall(SYS_pwrite64, fd, memory, SIZE, 0), SIZE);
	raw_syscall(SYS_close, fd);
	fd = open(in_dir(name), flags | O_DIRECT);
	assert_true(fd >= 0);
	assert_true(shown(fd) && is_true(fd));
	return fd;
}

/* It shows O_DIRECT in any case. Whether it has it tells if the refusals were taken for one of all calls. */
static void settled(int fd)
{
	assert_true(shown(fd));
	assert_int_equal(is_true(fd), !all_refused);
	close(fd);
}

static void misaligned_reads(void **state)
{
	int fd = existing("file", O_RDONLY);

	(void)state;
	assert_int_equal(pread(fd, memory + 1, 777, 12345), 777);
	for (size_t n = 0; n < 777; n++)
		assert_int_equal(memory[n + 1], byte_of(n + 12345));
	settled(fd);
}

static void aligned_calls(void **state)
{
	int fd = existing("file", O_RDWR);

	(void)state;
	assert_int_equal(pread(fd, memory, 65536, 0), 65536);
	for (size_t n = 0; n < 65536; n++)
		assert_int_equal(memory[n], byte_of(n));
	settled(fd);
	fd = existing("file", O_WRONLY);
	assert_int_equal(pwrite(fd, memory, 65536, 0), 65536);
	settled(fd);
}

static void misaligned_writes(void **state)
{
	int fd = existing("file", O_RDWR);

	(void)state;
	memset(memory, 'x', 20000);
	assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
	assert_int_equal(write(fd, memory + 1, 10001), 10001);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 10004);
	assert_int_equal(pread(fd, memory + 3, 12000, 1), 12000);
	for (size_t n = 0; n < 12000; n++)
		assert_int_equal(memory[n + 3], n >= 2 && n < 10003 ? 'x' : byte_of(n + 1));
	settled(fd);
}

/* Refused by an ordinary descriptor, too: nothing is learned from that. */
static void errors_of_the_program(void **state)
{
	int fd = existing("file", O_RDWR);
	const struct iovec iov = { memory, 4096 };

	(void)state;
	assert_int_equal(pread(fd, memory, 4096, -1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(syscall(SYS_readv, fd, &iov, IOV_MAX + 1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(pwritev2(fd, &iov, 1, 0, 1 << 30), -1);
	assert_true(is_true(fd) && shown(fd));
	close(fd);
}

int test_calls(bool refused)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(misaligned_reads),
		cmocka_unit_test(aligned_calls),
		cmocka_unit_test(misaligned_writes),
		cmocka_unit_test(errors_of_the_program),
	};

	all_refused = refused;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
