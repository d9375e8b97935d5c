/*
 * Descriptors: the shim adds none, and notices changes to the program's that it did not see being
 * made.
 */
#include "guest.h"
#include "raw.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { LEN = 10001 };

static bool direct(int fd)
{
	return fcntl(fd, F_GETFL) & O_DIRECT;
}

static void errno_survives_success(void **state)
{
	int fd;

	(void)state;
	errno = 4242;
	fd = open_direct("errno");
	assert_true(fd >= 0);
	assert_int_equal(write(fd, odd_bytes(1, LEN), LEN), LEN);
	assert_int_equal(pwrite(fd, odd_bytes(1, LEN), LEN, LEN), LEN);
	assert_int_equal(pread(fd, odd_bytes(2, LEN), LEN, 3), LEN);
	assert_int_equal(pread(fd, odd_bytes(2, LEN), LEN, 10 * LEN), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(errno, 4242);
}

/* Returns the number that the kernel would give next. Asks by raw system calls, past the shim. */
static int lowest_free(void)
{
	int fd = (int)raw_syscall(SYS_dup, 0);

	raw_syscall(SYS_close, fd);
	return fd;
}

static void numbers_are_the_lowest_free_ones(void **state)
{
	int first = lowest_free();
	int fd = open_direct("numbers");

	(void)state;
	assert_int_equal(fd, first);
	assert_true(moves_data(fd, 1, 1, LEN));
	assert_int_equal(lowest_free(), first + 1);
	assert_int_equal(dup(fd), first + 1);
	assert_true(moves_data(first + 1, 1, 2, LEN));
	assert_int_equal(fcntl(fd, F_DUPFD, 0), first + 2);
	assert_int_equal(open(in_dir("numbers"), O_RDONLY | O_DIRECT), first + 3);
	for (int n = 0; n < 4; n++)
		assert_int_equal(close(first + n), 0);
	assert_int_equal(lowest_free(), first);
}

/* Returns all descriptors and what they refer to, as one string. */
static char *list_descriptors(void)
{
	DIR *stream = opendir("/proc/self/fd");
	char *list = calloc(1, 65536), link[300], target[200];
	struct dirent *entry;

	assert_non_null(stream);
	while ((entry = readdir(stream))) {
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(stream))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%s", entry->d_name);
		ssize_t n = readlink(link, target, sizeof(target) - 1);

		target[n < 0 ? 0 : n] = 0;
		snprintf(list + strlen(list), 600, "%s %s\n", entry->d_name, target);
	}
	closedir(stream);
	return list;
}

static void no_descriptor_is_added(void **state)
{
	int fd = open_direct("list");
	char *before = list_descriptors(), *after;

	(void)state;
	for (unsigned n = 0; n < 20; n++)
		assert_true(moves_data(fd, n * 4097, n, LEN));
	after = list_descriptors();
	assert_string_equal(before, after);
	free(before);
	free(after);
	close(fd);
}

static void is_locked_by_parent(void *name)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(in_dir(name), O_RDWR);

	must(fd >= 0);
	must(fcntl(fd, F_GETLK, &lock) == 0);
	must(lock.l_type == F_WRLCK && lock.l_pid == getppid());
}

static void is_flocked(void *name)
{
	int fd = open(in_dir(name), O_RDWR);

	must(fd >= 0);
	must(flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
}

static void posix_locks_stay(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 100 };
	char name[] = "locked";
	int fd = open_direct(name);

	(void)state;
	assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
	assert_true(moves_data(fd, 5, 1, LEN));
	assert_int_equal(status_of_child(is_locked_by_parent, name), 0);
	close(fd);
}

static void flocks_stay(void **state)
{
	char name[] = "flocked";
	int fd = open_direct(name);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_true(moves_data(fd, 5, 1, LEN));
	assert_int_equal(status_of_child(is_flocked, name), 0);
	close(fd);
}

static void duplicates_work(void **state)
{
	int fd = open_direct("dup");
	int copies[] = { dup(fd), dup2(fd, 90), dup3(fd, 91, O_CLOEXEC), fcntl(fd, F_DUPFD, 92),
			 fcntl(fd, F_DUPFD_CLOEXEC, 93) };

	(void)state;
	for (unsigned n = 0; n < 5; n++) {
		assert_true(copies[n] >= 0);
		assert_int_equal(write(copies[n], odd_bytes(n, LEN), LEN), LEN);
		assert_int_equal(lseek(fd, 0, SEEK_CUR), (n + 1) * LEN);
	}
	close(fd);
	for (unsigned n = 0; n < 5; n++)
		assert_true(holds("dup", n * LEN, n, LEN));
	for (unsigned n = 0; n < 5; n++) {
		assert_true(moves_data(copies[n], 7, n, LEN));
		close(copies[n]);
	}
}

static void direct_mode_can_be_switched(void **state)
{
	int fd = open(in_dir("switch"), O_CREAT | O_TRUNC | O_RDWR, 0600);
	int flags = fcntl(fd, F_GETFL);

	(void)state;
	for (unsigned n = 0; n < 3; n++) {
		assert_true(moves_data(fd, 7, 1, LEN));
		assert_false(direct(fd));
		assert_int_equal(fcntl(fd, F_SETFL, flags | O_DIRECT), 0);
		assert_true(moves_data(fd, 7, 2, LEN));
		assert_int_equal(fcntl(fd, F_GETFL), flags | O_DIRECT);
		assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
	}
	close(fd);
}

static void switch_direct(void *fd)
{
	int flags = fcntl(*(int *)fd, F_GETFL);

	must(fcntl(*(int *)fd, F_SETFL, flags ^ O_DIRECT) == 0);
}

static void another_process_can_switch_direct_mode(void **state)
{
	int fd = open(in_dir("shared"), O_CREAT | O_TRUNC | O_RDWR, 0600);

	(void)state;
	for (unsigned n = 0; n < 6; n++) {
		assert_true(moves_data(fd, 7, n, LEN));
		assert_int_equal(direct(fd), n % 2);
		assert_int_equal(status_of_child(switch_direct, &fd), 0);
	}
	close(fd);
}

/* Raw system calls stand for all that the shim does not see: closes inside libc, io_uring, Go. */
static void a_number_can_come_to_mean_another_file(void **state)
{
	int fd = open_direct("direct"), pair[2];
	char back[LEN];

	(void)state;
	assert_true(moves_data(fd, 7, 1, LEN));
	assert_int_equal(pipe(pair), 0);
	raw_syscall(SYS_dup3, pair[1], fd, 0);
	assert_int_equal(write(fd, odd_bytes(2, LEN), LEN), LEN);
	assert_int_equal(read(pair[0], back, LEN), LEN);
	assert_memory_equal(back, odd_bytes(2, LEN), LEN);

	int other = (int)raw_syscall(SYS_openat, AT_FDCWD, in_dir("direct"), O_RDWR | O_DIRECT);

	raw_syscall(SYS_dup3, other, fd, 0);
	assert_true(moves_data(fd, 9, 3, LEN));
	raw_syscall(SYS_dup3, other, pair[1], 0);
	assert_true(moves_data(pair[1], 9, 4, LEN));
	raw_syscall(SYS_close, fd);
	assert_int_equal(pwrite(fd, back, LEN, 7), -1);
	assert_int_equal(errno, EBADF);
	close(other);
	close(pair[0]);
	close(pair[1]);
}

static void packet_pipes_are_left_alone(void **state)
{
	int pair[2];
	char back[LEN];

	(void)state;
	assert_int_equal(pipe2(pair, O_DIRECT), 0);
	assert_int_equal(write(pair[1], odd_bytes(1, 33), 33), 33);
	assert_int_equal(write(pair[1], odd_bytes(2, 44), 44), 44);
	assert_int_equal(read(pair[0], back, LEN), 33);
	assert_int_equal(read(pair[0], back, 11), 11);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK | O_DIRECT), 0);
	assert_int_equal(read(pair[0], back, LEN), -1);
	assert_int_equal(errno, EAGAIN);
	close(pair[0]);
	close(pair[1]);
}

static void send_descriptor(int socket, int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { (char[]){ 'x' }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.space) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	assert_int_equal(sendmsg(socket, &msg, 0), 1);
}

static int receive_descriptor(int socket)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { (char[]){ 0 }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd;

	assert_int_equal(recvmsg(socket, &msg, 0), 1);
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

static void a_received_descriptor_works(void **state)
{
	int pair[2], fd = open_direct("sent"), received;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	send_descriptor(pair[0], fd);
	received = receive_descriptor(pair[1]);
	assert_int_not_equal(received, fd);
	assert_true(moves_data(received, 7, 1, LEN));
	close(received);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void close_everything_and_go_on(void *by_range)
{
	int fd = open_direct("before");

	must(moves_data(fd, 7, 1, LEN));
	if (*(bool *)by_range)
		must(close_range(3, ~0U, 0) == 0);
	else
		closefrom(3);
	must(write(fd, "", 1) < 0 && errno == EBADF);
	must(open_direct("after") == 3);
	must(moves_data(3, 7, 2, LEN));
	must(open(in_dir("after"), O_RDWR) == 4);
	must(moves_data(4, 7, 3, LEN));
}

static void io_goes_on_after_close_range(void **state)
{
	bool by_range = true;

	(void)state;
	assert_int_equal(status_of_child(close_everything_and_go_on, &by_range), 0);
	assert_true(holds("after", 7, 3, LEN));
}

static void io_goes_on_after_closefrom(void **state)
{
	bool by_range = false;

	(void)state;
	assert_int_equal(status_of_child(close_everything_and_go_on, &by_range), 0);
	assert_true(holds("after", 7, 3, LEN));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(errno_survives_success),
	cmocka_unit_test(numbers_are_the_lowest_free_ones),
	cmocka_unit_test(no_descriptor_is_added),
	cmocka_unit_test(posix_locks_stay),
	cmocka_unit_test(flocks_stay),
	cmocka_unit_test(duplicates_work),
	cmocka_unit_test(direct_mode_can_be_switched),
	cmocka_unit_test(another_process_can_switch_direct_mode),
	cmocka_unit_test(a_number_can_come_to_mean_another_file),
	cmocka_unit_test(packet_pipes_are_left_alone),
	cmocka_unit_test(a_received_descriptor_works),
	cmocka_unit_test(io_goes_on_after_close_range),
	cmocka_unit_test(io_goes_on_after_closefrom),
};

SUITE(descriptors_suite, tests);
