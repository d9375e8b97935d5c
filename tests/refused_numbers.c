/* What is shown of a number on which O_DIRECT was refused. See refused_test.h. */
#include "refused_test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>

static void duplicates_show_it(void **state)
{
	int fd = open_new("file");
	int other = open(in_dir("other"), O_RDWR | O_CREAT, 0600);
	const int copies[] = { dup(fd), fcntl(fd, F_DUPFD, 50), fcntl(fd, F_DUPFD_CLOEXEC, 60),
			       dup2(fd, 70), dup3(fd, 80, O_CLOEXEC) };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(copies); i++) {
		assert_true(shown(copies[i]));
		assert_int_equal(dup2(other, copies[i]), copies[i]);
		assert_false(shown(copies[i]));
		assert_int_equal(dup2(fd, copies[i]), copies[i]);
		assert_true(shown(copies[i]));
		close(copies[i]);
	}
	assert_true(shown(fd));
	assert_false(shown(other));
	close(fd);
	close(other);
}

static int reopened(int fd)
{
	int again = open(in_dir("other"), O_RDWR | O_CREAT, 0600);

	assert_int_equal(again, fd);
	return again;
}

/* Also an ordinary descriptor of the same file. */
static void an_end_forgets_it(void **state)
{
	int fd = open_new("file");

	(void)state;
	close(fd);
	assert_int_equal(open(in_dir("file"), O_RDWR), fd);
	assert_false(shown(fd));
	close(fd);
	assert_int_equal(open_new("file"), fd);
	close_range((unsigned)fd, (unsigned)fd, 0);
	assert_false(shown(reopened(fd)));
	close(fd);
	assert_int_equal(open_new("file"), fd);
	raw_syscall(SYS_close, fd); /* unseen */
	assert_int_equal(raw_syscall(SYS_openat, AT_FDCWD, in_dir("other"), O_RDWR), fd);
	assert_false(shown(fd));
	close(fd);
}

static void flags_show_what_was_set(void **state)
{
	int fd = open(in_dir("file"), O_RDWR | O_CREAT, 0600);
	int copy;

	(void)state;
	assert_false(shown(fd));
	errno = 77;
	assert_int_equal(fcntl(fd, F_SETFL, O_DIRECT | O_APPEND), 0);
	assert_int_equal(errno, 77);
	copy = dup(fd);
	assert_true(shown(fd) && shown(copy) && !is_true(fd));
	assert_true(fcntl(copy, F_GETFL) & O_APPEND);
	assert_int_equal(fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) | O_NONBLOCK), 0);
	assert_int_equal(raw_syscall(SYS_fcntl, fd, F_GETFL) & (O_NONBLOCK | O_APPEND),
			 O_NONBLOCK | O_APPEND);
	assert_true(shown(fd) && shown(copy));
	assert_int_equal(fcntl(copy, F_SETFL, O_APPEND), 0);
	assert_false(shown(fd) || shown(copy));
	assert_int_equal(syscall(SYS_fcntl, fd, F_SETFL, O_DIRECT), 0);
	assert_true(shown(fd) && shown(copy));
	assert_int_equal(syscall(SYS_fcntl, copy, F_GETFL) & (O_DIRECT | O_APPEND), O_DIRECT);
	close(fd);
	close(copy);
	assert_int_equal(fcntl(fd, F_SETFL, O_DIRECT), -1);
	assert_int_equal(errno, EBADF);
	fd = open("/dev/null", O_RDWR);
	assert_int_equal(fcntl(fd, F_SETFL, O_DIRECT), -1);
	assert_int_equal(errno, EINVAL);
	close(fd);
}

static int status_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void children_show_it(void **state)
{
	int fd = open_new("file");
	pid_t child = fork();

	(void)state;
	if (!child) {
		int good = shown(fd) && write(fd, "a", 1) == 1;

		close(fd);
		_exit(!good || open(in_dir("file"), O_RDWR) != fd || shown(fd));
	}
	assert_int_equal(status_of(child), 0);
	assert_true(shown(fd));
	/* A child of vfork(2) has numbers of its own, and the parent's memory. */
	child = vfork();
	if (!child) {
		close(fd);
		_exit(0);
	}
	assert_int_equal(status_of(child), 0);
	assert_true(shown(fd));
	close(fd);
}

/* A limit: it sees what the kernel says. */
static void another_program_sees_the_truth(void **state)
{
	int fd = open_new("file");
	int to[2];
	char number[16], said[16] = "";

	(void)state;
	assert_return_code(pipe(to), 0);
	snprintf(number, sizeof(number), "%d", fd);
	if (!fork()) {
		dup2(to[1], 1);
		execl("/proc/self/exe", "refused", "shown", number, (char *)NULL);
		_exit(1);
	}
	close(to[1]);
	assert_true(read(to[0], said, sizeof(said) - 1) > 0);
	assert_string_equal(said, "ordinary\n");
	wait(NULL);
	close(to[0]);
	close(fd);
}

enum { THREADS = 4, ROUNDS = 400 };

/* Numbers pass from thread to thread, in the middle of closes. */
static void *open_and_close(void *arg)
{
	const char *name = arg;
	char path[4096];
	intptr_t wrong = 0;

	snprintf(path, sizeof(path), "%s", in_dir(name));
	for (int i = 0; i < ROUNDS; i++) {
		int fd = open(path, O_RDWR | O_CREAT | (i % 3 ? O_DIRECT : 0), 0600);

		wrong += fd < 0 || shown(fd) != (i % 3 != 0);
		wrong += write(fd, "x", 1) != 1;
		close(fd);
	}
	return (void *)wrong;
}

static void numbers_pass_between_threads(void **state)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t thread[THREADS];
	void *wrong;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, open_and_close, names[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
}

int test_numbers(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(duplicates_show_it),
		cmocka_unit_test(an_end_forgets_it),
		cmocka_unit_test(flags_show_what_was_set),
		cmocka_unit_test(children_show_it),
		cmocka_unit_test(another_program_sees_the_truth),
		cmocka_unit_test(numbers_pass_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
