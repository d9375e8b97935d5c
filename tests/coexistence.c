/*
 * The tests within one process, and the main program. See coexistence.h.
 *
 *   coexistence DIRECTORY               the tests below
 *   coexistence PROGRAM FILE [MORE]     see coexistence_programs.c
 */
#include "coexistence.h"
#include "raw.h"

/* cmocka.h needs the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *dir;

static const char *in_dir(const char *name)
{
	static char paths[2][PATH_MAX];
	static int next;
	char *path = paths[next++ % 2];

	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	return path;
}

static int open_direct(const char *name)
{
	int fd = open(in_dir(name), O_CREAT | O_TRUNC | O_RDWR | O_DIRECT, 0600);

	assert_true(fd >= 0);
	return fd;
}

static bool ended_well(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* --- locks --- */

/*
 * OFD locks belong to the open file description: a second one in the same process conflicts
 * (fcntl(2)).
 */
static void ofd_locks_stay(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 100 };
	struct flock probe = lock;
	int fd = open_direct("ofd"), other = open(in_dir("ofd"), O_RDWR);

	(void)state;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_true(moves_data(fd, 5, 1));
	assert_int_equal(fcntl(other, F_OFD_GETLK, &probe), 0);
	assert_int_equal(probe.l_type, F_WRLCK);
	assert_int_equal(probe.l_pid, -1);
	close(other);
	close(fd);
}

/* --- children --- */

/*
 * No pthread_atfork() handler runs for a raw clone, and the C library does not know of the child.
 */
static void a_child_of_the_raw_call_can_write(void **state)
{
	int fd = open_direct("cloned");
	pid_t child;

	(void)state;
	assert_true(moves_data(fd, 3, 1));
	child = (pid_t)raw_syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0)
		_exit(moves_data(fd, 3, 2) ? 0 : 1);
	assert_true(ended_well(child));
	assert_true(holds_data(fd, 3, 2));
	assert_true(moves_data(fd, 3, 3));
	close(fd);
}

/*
 * posix_spawn() opens and duplicates past the shim, so the child's shim meets descriptors unknown
 * to it.
 */
static void a_spawned_program_can_write(void **state)
{
	char *args[] = { (char[]){ "coexistence" }, (char[]){ "given" }, (char[]){ "51" },
			 (char[]){ "9" }, NULL };
	int fd = open_direct("spawned");
	posix_spawn_file_actions_t actions;
	pid_t child;

	(void)state;
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	posix_spawn_file_actions_addopen(&actions, 50, in_dir("spawned"), O_RDWR | O_DIRECT, 0);
	posix_spawn_file_actions_adddup2(&actions, 50, 51);
	assert_int_equal(posix_spawn(&child, "/proc/self/exe", &actions, NULL, args, environ), 0);
	assert_true(ended_well(child));
	assert_true(holds_data(fd, 9, 7));
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
}

static void write_as_nobody_without_proc(int fd)
{
	must(chroot(dir) == 0 && chdir("/") == 0);
	must(access("/proc/self/fd", F_OK) < 0);
	must(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	must(open("/private", O_RDWR) < 0 && errno == EACCES);
	must(moves_data(fd, 3, 1));
	must(fcntl(fd, F_GETFL) & O_DIRECT);
}

static void neither_proc_nor_privilege_is_needed(void **state)
{
	int fd = open_direct("private");
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("# skipped: chroot and setuid need root\n");
		skip();
	}
	child = fork();
	if (child == 0) {
		write_as_nobody_without_proc(fd);
		_exit(0);
	}
	assert_true(ended_well(child));
	assert_true(holds_data(fd, 3, 1));
	close(fd);
}

/* --- descriptors of other kinds --- */

/*
 * Compares the C library's answers and errno, at a misaligned address, with those of raw system
 * calls.
 */
static void answers_are_the_kernels(int fd, size_t len)
{
	static char space[LEN + 1];
	long wrapped, raw;

	errno = 0;
	wrapped = read(fd, space + 1, len);
	wrapped = wrapped < 0 ? -errno : wrapped;
	raw = raw_syscall(SYS_read, fd, space + 1, len);
	assert_int_equal(wrapped, raw < 0 ? -errno : raw);
	wrapped = pread(fd, space + 1, len, 1);
	wrapped = wrapped < 0 ? -errno : wrapped;
	raw = raw_syscall(SYS_pread64, fd, space + 1, len, 1L);
	assert_int_equal(wrapped, raw < 0 ? -errno : raw);
	memset(space, 0xff, sizeof(space));
	wrapped = write(fd, space + 1, len);
	wrapped = wrapped < 0 ? -errno : wrapped;
	raw = raw_syscall(SYS_write, fd, space + 1, len);
	assert_int_equal(wrapped, raw < 0 ? -errno : raw);
}

/* EINVAL on these descriptors is not about alignment. */
static void an_einval_of_another_kind_is_passed_on(void **state)
{
	sigset_t none;
	int fds[4], size = sizeof(fds) / sizeof(fds[0]);

	(void)state;
	sigemptyset(&none);
	fds[0] = eventfd(1, EFD_NONBLOCK);
	fds[1] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	fds[2] = signalfd(-1, &none, SFD_NONBLOCK);
	fds[3] = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < size; i++) {
		assert_true(fds[i] >= 0);
		answers_are_the_kernels(fds[i], 4);
		answers_are_the_kernels(fds[i], 3);
	}
	/* Less than the eight bytes of a counter. */
	assert_int_equal(read(fds[0], (char[4]){ 0 }, 4), -1);
	assert_int_equal(errno, EINVAL);
	for (int i = 0; i < size; i++)
		close(fds[i]);
}

static void packets_stay_whole(int from, int to)
{
	char bytes[LEN] = { 0 };

	assert_int_equal(write(to, bytes, 33), 33);
	assert_int_equal(write(to, bytes, 44), 44);
	assert_int_equal(read(from, bytes, LEN), 33);
	assert_int_equal(read(from, bytes, 11), 11);
	assert_int_equal(write(to, bytes, 5), 5);
	assert_int_equal(read(from, bytes, LEN), 5);
}

static void packet_sockets_and_pipes_are_left_alone(void **state)
{
	int sockets[2], pipes[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	assert_int_equal(pipe2(pipes, O_DIRECT), 0);
	packets_stay_whole(sockets[0], sockets[1]);
	packets_stay_whole(pipes[0], pipes[1]);
	for (int i = 0; i < 2; i++) {
		close(sockets[i]);
		close(pipes[i]);
	}
}

static void directories_and_proc_files_answer_as_ever(void **state)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_DIRECT);
	char first[64], second[64];

	(void)state;
	if (fd < 0)
		fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(read(fd, first, 63), -1);
	assert_int_equal(errno, EISDIR);
	close(fd);

	assert_int_equal(open("/proc/self/comm", O_RDONLY | O_DIRECT), -1);
	assert_int_equal(errno, EINVAL);
	fd = open("/proc/self/comm", O_RDONLY);
	assert_int_equal(pread(fd, first, 63, 0), raw_syscall(SYS_pread64, fd, second, 63, 0L));
	assert_int_equal(pread(fd, first, 63, 1), strlen("oexistence\n"));
	close(fd);
}

/* A memfd is a tmpfs file without a name: it needs no alignment, and may have seals. */
static void memory_files_work_and_keep_their_seals(void **state)
{
	int fd = memfd_create("coexistence", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	(void)state;
	assert_true(moves_data(fd, 3, 1));
	/* Since Linux 6.6. Older kernels refuse, and the file stays an ordinary one. */
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_DIRECT) < 0)
		assert_int_equal(errno, EINVAL);
	assert_true(moves_data(fd, 5, 2));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	assert_int_equal(pwrite(fd, "abc", 3, 1), -1);
	assert_int_equal(errno, EPERM);
	assert_true(holds_data(fd, 5, 2));
	close(fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(ofd_locks_stay),
	cmocka_unit_test(a_child_of_the_raw_call_can_write),
	cmocka_unit_test(a_spawned_program_can_write),
	cmocka_unit_test(neither_proc_nor_privilege_is_needed),
	cmocka_unit_test(an_einval_of_another_kind_is_passed_on),
	cmocka_unit_test(packet_sockets_and_pipes_are_left_alone),
	cmocka_unit_test(directories_and_proc_files_answer_as_ever),
	cmocka_unit_test(memory_files_work_and_keep_their_seals),
};

int main(int argc, char **argv)
{
	if (run_program(argc, argv))
		return 0;
	if (argc != 2) {
		fputs("usage: coexistence DIRECTORY | PROGRAM FILE [MORE]\n", stderr);
		return 99;
	}
	dir = argv[1];
	return cmocka_run_group_tests_name("coexistence", tests, NULL, NULL);
}
