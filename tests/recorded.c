/*
 * Programs whose calls are known, so that record.bats can compare the record with them:
 *
 *	recorded threads|sharing FILE   8 threads: each 250 direct reads that are aligned, 250 with a
 *	                                misaligned address, 250 aligned writes, 250 misaligned ones, each
 *	                                through its own descriptor (threads) or all through one (sharing);
 *	                                and a thread that uses the same file through an ordinary descriptor
 *	recorded offset FILE            4 threads: each 25 writes of 5001 bytes, all through one offset
 *	recorded tree FILE              15 processes, forked from one another: each 20 aligned reads and
 *	                                10 misaligned writes, then _exit
 *	recorded vfork FILE             the same in a process and in its vforked child
 *	recorded exec FILE PROGRAM...   the same, then the PROGRAM
 *	recorded kill FILE              the same, then SIGKILL
 *	recorded window FILE            a child is killed while it has O_DIRECT off for a misaligned write, after
 *	                                one of 500 bytes; then two aligned writes
 *	recorded ring FILE N            direct reads at the invalid offsets -100 to -100 - N + 1
 *	recorded many DIRECTORY N       an aligned direct read of each of N new files
 *	recorded kinds FILE             one call under every name that moves data, on O_DIRECT and not
 *	recorded answers FILE           calls for zero bytes, calls at the end of the file, and failed calls
 *
 * FILE exists, and has 1 MiB or more.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kinds.h"
#include "raw.h"

enum { THREADS = 8, ROUNDS = 250, BLOCK = 4096, REGION = 65536, ODD = 5001 };

static const char *path;
static int shared = -1;

static int open_it(int flags)
{
	int fd = open(path, O_RDWR | flags);

	if (fd < 0)
		err(99, "%s", path);
	return fd;
}

static char *new_buffer(void)
{
	char *buffer = aligned_alloc(BLOCK, REGION);

	if (!buffer)
		err(99, "memory");
	memset(buffer, 'x', REGION);
	return buffer;
}

static void must(ssize_t ret, ssize_t wanted)
{
	if (ret != wanted)
		err(1, "%zd, not %zd", ret, wanted);
}

static void *do_rounds(void *arg)
{
	off_t at = (off_t)(long)arg * REGION;
	int fd = shared >= 0 ? shared : open_it(O_DIRECT);
	char *buffer = new_buffer();

	for (int i = 0; i < ROUNDS; i++) {
		must(pread(fd, buffer, BLOCK, at), BLOCK);
		must(pwrite(fd, buffer + 1, ODD, at + BLOCK + 7), ODD);
		must(pwrite(fd, buffer, BLOCK, at), BLOCK);
		must(pread(fd, buffer + 1, BLOCK, at), BLOCK);
	}
	free(buffer);
	return NULL;
}

static void *do_ordinary(void *arg)
{
	off_t at = (off_t)(long)arg * REGION;
	int fd = open_it(0);
	char *buffer = new_buffer();

	for (int i = 0; i < ROUNDS; i++) {
		must(pread(fd, buffer, BLOCK, at), BLOCK);
		must(pwrite(fd, buffer, 7, at), 7);
	}
	free(buffer);
	return NULL;
}

static void in_threads(void)
{
	pthread_t threads[THREADS + 1];

	for (long i = 0; i <= THREADS; i++)
		if (pthread_create(&threads[i], NULL, i < THREADS ? do_rounds : do_ordinary,
				   (void *)i))
			errx(99, "threads");
	for (int i = 0; i <= THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void *do_writes(void *arg)
{
	char *buffer = new_buffer();

	(void)arg;
	for (int i = 0; i < 25; i++)
		must(write(shared, buffer, ODD), ODD);
	free(buffer);
	return NULL;
}

static void through_one_offset(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, do_writes, NULL))
			errx(99, "threads");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void thirty_calls(int fd)
{
	static char buffer[2 * BLOCK] __attribute__((aligned(BLOCK)));

	for (int i = 0; i < 20; i++)
		must(pread(fd, buffer, BLOCK, BLOCK * i), BLOCK);
	for (int i = 0; i < 10; i++)
		must(pwrite(fd, buffer + 1, ODD, 7), ODD);
}

/* All share the parent's description, so O_DIRECT may be off for the call of another process. */
static void grow(int fd, int depth)
{
	for (int i = 0; i < 2 && depth; i++)
		if (!fork()) {
			grow(fd, depth - 1);
			_exit(0);
		}
	thirty_calls(fd);
	while (wait(NULL) > 0)
		;
}

static void with_vforked_child(int fd)
{
	pid_t child = vfork();

	thirty_calls(fd);
	if (!child)
		_exit(0);
	must(waitpid(child, NULL, 0), child);
}

static void many_files(int count)
{
	char *buffer = new_buffer();
	char name[4096];

	for (int i = 0; i < count; i++) {
		int fd;

		snprintf(name, sizeof(name), "%s/%d", path, i);
		fd = open(name, O_CREAT | O_RDWR | O_DIRECT, 0600);
		if (fd < 0)
			err(99, "%s", name);
		must(read(fd, buffer, BLOCK), 0);
		close(fd);
	}
	free(buffer);
}

static void invalid_offsets(int count)
{
	char *buffer = new_buffer();
	int fd = open_it(O_DIRECT);

	for (int i = 0; i < count; i++)
		must(pread(fd, buffer, BLOCK, -100 - i), -1);
	free(buffer);
}

/* Calls every symbol that moves data (common/symbols.h) once, for one block. */
static void every_name(int fd)
{
	static const struct named_transfer names[] = { DIOSHIM_READ_SYMBOLS(
		NAMED_TRANSFER) DIOSHIM_WRITE_SYMBOLS(NAMED_TRANSFER) };
	static char b[BLOCK] __attribute__((aligned(BLOCK)));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *function = find_function(names[i].name);

		if (!function)
			errx(99, "no function is called %s", names[i].name);
		must(names[i].by(function, fd, b, BLOCK, 0), BLOCK);
	}
}

static void every_answer(void)
{
	static char b[2 * BLOCK] __attribute__((aligned(BLOCK)));
	const struct iovec nothing = { b, 0 };
	const struct iovec v = { b, BLOCK };
	char *volatile nowhere = NULL; /* volatile, so that the compiler does not warn */
	volatile int minus = -1;
	int fd = open_it(O_DIRECT);
	int reader = open(path, O_RDONLY | O_DIRECT);
	off_t end = lseek(fd, 0, SEEK_END);

	errno = 77;
	/* Counted as untouched: 6 reads and 2 writes of 0 bytes. */
	must(pread(fd, b, 0, 0) + pread(fd, b, 0, 7) + readv(fd, &nothing, 1), 0);
	must(pwrite(fd, b, 0, 0) + writev(fd, &nothing, 1), 0);
	must(pread(fd, b, BLOCK, end) + preadv(fd, &v, 1, end), 0);
	/* Misaligned, but no filesystem checks the alignment at the end of the file. */
	must(pread(fd, b + 1, BLOCK, end), 0);
	if (errno != 77)
		err(1, "errno");
	/* Counted as failed: 3 reads and 2 writes. */
	must(pread(fd, b, BLOCK, -1), -1);
	must(preadv(fd, &v, minus, 0), -1);
	must(pread(fd, nowhere, BLOCK, 0), -1);
	must(pwrite(reader, b, BLOCK, 0), -1);
	must(pwrite(reader, b, 0, 0), -1);
}

/* The kernel kills the process that makes a pwrite of `len` bytes. */
static void die_in_pwrite(uint32_t len)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwrite64, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, len, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		_exit(77);
}

/* The window that the child leaves is taken for one of a dead process after a second. */
static void in_a_window_of_the_dead(int fd)
{
	char *buffer = new_buffer();
	int status;

	must(pwrite(fd, buffer + 1, 500, 3), 500);
	if (!fork()) {
		die_in_pwrite(777);
		pwrite(fd, buffer + 1, 777, 3);
		_exit(1);
	}
	wait(&status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		exit(77);
	if (!WIFSIGNALED(status) || (raw_syscall(SYS_fcntl, fd, F_GETFL) & O_DIRECT))
		errx(1, "the child was not killed in a window");
	usleep(1200000);
	must(pwrite(fd, buffer, BLOCK, BLOCK), BLOCK);
	if (!(raw_syscall(SYS_fcntl, fd, F_GETFL) & O_DIRECT))
		errx(1, "O_DIRECT is still off");
	must(pwrite(fd, buffer, BLOCK, BLOCK), BLOCK);
	free(buffer);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	path = argv[2];
	if (!strcmp(what, "threads")) {
		in_threads();
	} else if (!strcmp(what, "sharing")) {
		shared = open_it(O_DIRECT);
		in_threads();
	} else if (!strcmp(what, "offset")) {
		shared = open_it(O_DIRECT);
		through_one_offset();
	} else if (!strcmp(what, "tree")) {
		grow(open_it(O_DIRECT), 3);
		_exit(0);
	} else if (!strcmp(what, "vfork")) {
		with_vforked_child(open_it(O_DIRECT));
	} else if (!strcmp(what, "exec") && argc > 3) {
		thirty_calls(open_it(O_DIRECT | O_CLOEXEC));
		execv(argv[3], argv + 3);
		err(99, "%s", argv[3]);
	} else if (!strcmp(what, "kill")) {
		thirty_calls(open_it(O_DIRECT));
		raise(SIGKILL);
	} else if (!strcmp(what, "window")) {
		in_a_window_of_the_dead(open_it(O_DIRECT));
	} else if (!strcmp(what, "many") && argc == 4) {
		many_files(atoi(argv[3]));
	} else if (!strcmp(what, "ring") && argc == 4) {
		invalid_offsets(atoi(argv[3]));
	} else if (!strcmp(what, "kinds")) {
		every_name(open_it(O_DIRECT));
		every_name(open_it(0));
	} else if (!strcmp(what, "answers")) {
		every_answer();
	} else {
		errx(99, "usage: recorded WHAT FILE");
	}
	return 0;
}
