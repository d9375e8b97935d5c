/*
 * Descriptors from elsewhere: in each test the shim does not see the open, or not that it is one with O_DIRECT.
 * guest_descriptors.c has one that is received over a socket, guest_processes.c one that is inherited by exec.
 */
#include "guest.h"
#include "raw.h"

#include <linux/openat2.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { LEN = 10001, AT = 7 };

/* Writes and reads LEN bytes at AT through `fd`, then closes it. */
static void works(int fd, const char *name)
{
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_DIRECT);
	assert_true(moves_data(fd, AT, 1, LEN));
	assert_int_equal(close(fd), 0);
	if (name)
		assert_true(holds(name, AT, 1, LEN));
}

static void make(const char *name)
{
	close(open_direct(name));
}

static const char *number_path(int fd)
{
	static char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void opened_past_the_shim(void **state)
{
	(void)state;
	works((int)raw_syscall(SYS_openat, AT_FDCWD, in_dir("raw"), O_RDWR | O_CREAT | O_DIRECT,
			       0600),
	      "raw");
}

static void opened_by_openat2(void **state)
{
	const struct open_how how = { .flags = O_RDWR | O_CREAT | O_DIRECT, .mode = 0600 };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, in_dir("openat2"), &how, sizeof(how));

	(void)state;
	if (fd < 0 && errno == ENOSYS)
		skip();
	works(fd, "openat2");
}

/* By libc's own function, which is not covered. */
static void opened_by_handle(void **state)
{
	union {
		struct file_handle head;
		char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
	int id, dir, fd;

	(void)state;
	make("handle");
	if (name_to_handle_at(AT_FDCWD, in_dir("handle"), &handle.head, &id, 0))
		skip();
	dir = open(in_dir("."), O_RDONLY);
	fd = open_by_handle_at(dir, &handle.head, O_RDWR | O_DIRECT);
	close(dir);
	if (fd < 0 && errno == EPERM)
		skip();
	works(fd, "handle");
}

static void reopened_through_proc(void **state)
{
	int fd = open(in_dir("proc"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	int again = open(number_path(fd), O_RDWR | O_DIRECT);

	(void)state;
	works(again, "proc");
	assert_false(fcntl(fd, F_GETFL) & O_DIRECT);
	close(fd);
}

/* A descriptor that is O_PATH moves no data, with or without O_DIRECT. */
static void reopened_from_o_path(void **state)
{
	int path, again;

	(void)state;
	make("path");
	path = open(in_dir("path"), O_PATH | O_DIRECT);
	assert_int_equal(write(path, odd_bytes(1, LEN), LEN), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(pread(path, odd_bytes(1, LEN), LEN, 1), -1);
	assert_int_equal(errno, EBADF);
	again = open(number_path(path), O_RDWR | O_DIRECT);
	works(again, "path");
	close(path);
}

/* The file has no name, but it can be given one. */
static void a_file_without_a_name(void **state)
{
	int fd = open(in_dir("."), O_TMPFILE | O_RDWR | O_DIRECT, 0600);

	(void)state;
	if (fd < 0 && errno == EOPNOTSUPP)
		skip();
	assert_true(moves_data(fd, AT, 1, LEN));
	unlink(in_dir("named"));
	assert_int_equal(
		linkat(AT_FDCWD, number_path(fd), AT_FDCWD, in_dir("named"), AT_SYMLINK_FOLLOW), 0);
	works(fd, "named");
}

static void an_unlinked_file(void **state)
{
	int fd = open_direct("unlinked");

	(void)state;
	assert_int_equal(unlink(in_dir("unlinked")), 0);
	works(fd, NULL);
}

/* tmpfs has direct I/O since Linux 6.6; before, F_SETFL answers EINVAL with and without the shim. */
static void a_memfd(void **state)
{
	int fd = memfd_create("guest", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	if (fcntl(fd, F_SETFL, O_DIRECT)) {
		assert_int_equal(errno, EINVAL);
		assert_true(moves_data(fd, AT, 1, LEN));
		close(fd);
		return;
	}
	works(fd, NULL);
}

static void made_direct_past_the_shim(void **state)
{
	int fd = open(in_dir("setfl"), O_RDWR | O_CREAT | O_TRUNC, 0600);

	(void)state;
	assert_int_equal(raw_syscall(SYS_fcntl, fd, F_SETFL, O_DIRECT), 0);
	works(fd, "setfl");
}

static void duplicated_past_the_shim(void **state)
{
	int fd = open_direct("dup"), other;

	(void)state;
	other = (int)raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 100);
	close(fd);
	works(other, "dup");
}

/* The child opens past the shim, says which number it got, and waits to be killed. */
static void open_and_wait(int report)
{
	int fd = (int)raw_syscall(SYS_openat, AT_FDCWD, in_dir("taken"),
				  O_RDWR | O_CREAT | O_DIRECT, 0600);

	/* Also if the test fails. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(raw_syscall(SYS_write, report, &fd, sizeof(fd)) == sizeof(fd));
	for (;;)
		pause();
}

static void taken_from_a_child(void **state)
{
	int pair[2], theirs = -1, process, fd;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	child = fork();
	if (!child)
		open_and_wait(pair[1]);
	assert_int_equal(read(pair[0], &theirs, sizeof(theirs)), sizeof(theirs));
	process = (int)raw_syscall(SYS_pidfd_open, child, 0);
	fd = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, theirs, 0);
	if (fd >= 0)
		works(fd, "taken");
	else
		assert_true(errno == ENOSYS || errno == EPERM);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(process);
	close(pair[0]);
	close(pair[1]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(opened_past_the_shim),	     cmocka_unit_test(opened_by_openat2),
	cmocka_unit_test(opened_by_handle),	     cmocka_unit_test(reopened_through_proc),
	cmocka_unit_test(reopened_from_o_path),	     cmocka_unit_test(a_file_without_a_name),
	cmocka_unit_test(an_unlinked_file),	     cmocka_unit_test(a_memfd),
	cmocka_unit_test(made_direct_past_the_shim), cmocka_unit_test(duplicated_past_the_shim),
	cmocka_unit_test(taken_from_a_child),
};

SUITE(origins_suite, tests);
