/*
 * Memory becomes inaccessible in the middle of a copy, and the program handles the fault: it jumps
 * out of the call, or makes the memory accessible again and writes a file from the handler.
 */
#include "guest.h"
#include "raw.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum { LEN = 100 << 12, ENOUGH = 40, SECONDS = 30, NONE_AFTER = 2, PATIENCE = 5 };

static char *memory;
static sigjmp_buf before_call;
static int handler_fd;
static unsigned faults, failures;
static atomic_bool stop;

/*
 * Makes the memory inaccessible again and again: after the shim has checked it, before it has
 * copied it.
 */
static void *take_away(void *arg)
{
	const struct timespec moment = { .tv_nsec = 20000 };

	while (!atomic_load(&stop)) {
		mprotect(memory + LEN / 2, LEN / 2, PROT_NONE);
		nanosleep(&moment, NULL);
		mprotect(memory + LEN / 2, LEN / 2, PROT_READ | PROT_WRITE);
		nanosleep(&moment, NULL);
	}
	return arg;
}

static void jump(int signal)
{
	(void)signal;
	faults++;
	siglongjmp(before_call, 1);
}

static void write_and_return(int signal)
{
	static char record[777];

	(void)signal;
	faults++;
	mprotect(memory + LEN / 2, LEN / 2, PROT_READ | PROT_WRITE);
	if (write(handler_fd, record, sizeof(record)) != sizeof(record))
		failures++;
}

/* Makes one of the kinds of calls that hold locks or buffers while they copy. */
static void call(int fd, unsigned n)
{
	switch (n % 4) {
	case 0:
		(void)!pwrite(fd, memory + 1, LEN - 5, 3);
		return;
	case 1:
		lseek(fd, 5, SEEK_SET);
		(void)!write(fd, memory + 1, LEN - 5);
		return;
	case 2:
		(void)!pread(fd, memory + 1, LEN - 5, 3);
		return;
	default:
		lseek(fd, 5, SEEK_SET);
		(void)!read(fd, memory + 1, LEN - 5);
	}
}

/* Whether the kernel, asked past the shim, refuses a misaligned write. */
static bool refuses_misaligned(int fd)
{
	char bytes[3] = { 0 };

	return raw_syscall(SYS_pwrite64, fd, bytes, sizeof(bytes), 1L) < 0;
}

static void fault_often(int fd, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler }, old;
	time_t start = time(NULL);
	volatile unsigned n = 0;
	pthread_t thread;

	faults = failures = 0;
	atomic_store(&stop, false);
	memory = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(sigaction(SIGSEGV, &action, &old), 0);
	assert_int_equal(pthread_create(&thread, NULL, take_away, NULL), 0);
	while (faults < ENOUGH && time(NULL) < start + (faults ? SECONDS : NONE_AFTER)) {
		if (!sigsetjmp(before_call, 1))
			call(fd, n);
		n++;
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(sigaction(SIGSEGV, &old, NULL), 0);
	assert_int_equal(munmap(memory, LEN), 0);
	assert_int_equal(failures, 0);
	/* Where the filesystem takes any alignment, the shim copies nothing. */
	if (refuses_misaligned(fd))
		assert_in_range(faults, 1, UINT_MAX);
}

static void *write_elsewhere(void *arg)
{
	int fd = *(int *)arg;
	bool *done = (bool *)((int *)arg + 1);
	char record[1000] = { 0 };

	lseek(fd, 1, SEEK_SET);
	*done = write(fd, record, sizeof(record)) == sizeof(record) &&
		moves_data(fd, 70003, 9, 9001);
	return arg;
}

/* What the calls held blocks neither another thread nor close(). */
static void nothing_is_held(int fd)
{
	struct {
		int fd;
		bool done;
	} other = { .fd = fd };
	time_t start = time(NULL);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, write_elsewhere, &other), 0);
	pthread_join(thread, NULL);
	assert_true(other.done);
	assert_int_equal(close(fd), 0);
	assert_in_range(time(NULL) - start, 0, PATIENCE);
}

static void a_handler_can_jump_out_of_a_copy(void **state)
{
	int fd = open_direct("jumps");

	(void)state;
	assert_true(moves_data(fd, 0, 1, ODD_BYTES_MAX));
	fault_often(fd, jump);
	/* The thread's next call releases what the abandoned call held. */
	assert_true(moves_data(fd, 3, 2, 5000));
	nothing_is_held(fd);
}

static void a_handler_can_write_in_the_midst_of_a_copy(void **state)
{
	int fd = open_direct("nested");

	(void)state;
	handler_fd = fd;
	fault_often(fd, write_and_return);
	nothing_is_held(fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_handler_can_jump_out_of_a_copy),
	cmocka_unit_test(a_handler_can_write_in_the_midst_of_a_copy),
};

SUITE(faults_suite, tests);
