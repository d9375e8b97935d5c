/* Signals, forks and cancellation in the middle of a call. */
#include "guest.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

enum { LEN = 10001, SMALL = 333, SPACE = ODD_BYTES_MAX + 8 };

/* Signals */

static const struct itimerval soon = { .it_value.tv_usec = 700 };
static int handler_fd;
static atomic_uint handled, handler_failures;
static atomic_bool enough_handled;
static unsigned char handler_space[SPACE];

static void write_in_handler(int signal)
{
	unsigned char *old = use_space(handler_space);
	unsigned n = atomic_fetch_add(&handled, 1);

	if (!moves_data(handler_fd, (off_t)n * SMALL, n, SMALL))
		atomic_fetch_add(&handler_failures, 1);
	use_space(old);
	/* Not a periodic timer: on a slow disk it would leave no time for anything else. */
	if (signal && !atomic_load(&enough_handled))
		setitimer(ITIMER_REAL, &soon, NULL);
}

/*
 * The stack has what the kernel needs, 1 KiB for the handler and 2 KiB for the shim; below it is a
 * guard page.
 */
static void handle_on_a_small_stack(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t least = getauxval(AT_MINSIGSTKSZ) ? getauxval(AT_MINSIGSTKSZ) : (size_t)MINSIGSTKSZ;
	size_t size = least + 1024 + 2048;
	char *low = mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	stack_t stack = { .ss_sp = low + page, .ss_size = size };
	struct sigaction action = { .sa_handler = write_in_handler, .sa_flags = SA_ONSTACK };

	assert_ptr_not_equal(low, MAP_FAILED);
	assert_int_equal(mprotect(low, page, PROT_NONE), 0);
	assert_int_equal(sigaltstack(&stack, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
}

static void stop_handling(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	atomic_store(&enough_handled, true);
	signal(SIGALRM, SIG_IGN);
	assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL), 0);
	signal(SIGALRM, SIG_DFL);
	assert_int_equal(sigaltstack(&none, NULL), 0);
}

static void a_handler_can_write_in_the_midst_of_a_write(void **state)
{
	int fd = open_direct("interrupted");
	unsigned n;

	(void)state;
	handler_fd = open_direct("handler");
	write_in_handler(0); /* so that lazy binding happens on the large stack */
	handle_on_a_small_stack();
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	for (n = 0; atomic_load(&handled) < 500 && n < 100000; n++)
		assert_true(moves_data(fd, n % 50 * 4099, n, LEN));
	stop_handling();
	assert_true(atomic_load(&handled) >= 500);
	assert_int_equal(handler_failures, 0);
	for (n = 0; n < atomic_load(&handled); n++)
		assert_true(holds("handler", (off_t)n * SMALL, n, SMALL));
	close(handler_fd);
	close(fd);
}

/* Fork */

static atomic_bool enough;

struct writer {
	pthread_t thread;
	int fd;
	unsigned number;
	unsigned char space[SPACE];
};

static void *write_until_enough(void *arg)
{
	struct writer *w = arg;

	use_space(w->space);
	while (!atomic_load(&enough))
		must(moves_data(w->fd, 1 + w->number * LEN, w->number, LEN));
	return NULL;
}

static void fork_and_write(int fd, unsigned n)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		must(moves_data(fd, (off_t)(10 + n) * LEN, n, LEN));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void children_forked_in_the_midst_of_writes_can_write(void **state)
{
	static struct writer writers[3];
	int fd = open_direct("forking");

	(void)state;
	atomic_store(&enough, false);
	for (unsigned n = 0; n < 3; n++) {
		writers[n].fd = fd;
		writers[n].number = n;
		assert_int_equal(pthread_create(&writers[n].thread, NULL, write_until_enough,
						&writers[n]),
				 0);
	}
	for (unsigned n = 0; n < 100; n++)
		fork_and_write(fd, n);
	atomic_store(&enough, true);
	for (unsigned n = 0; n < 3; n++) {
		assert_int_equal(pthread_join(writers[n].thread, NULL), 0);
		assert_true(holds("forking", 1 + n * LEN, n, LEN));
	}
	for (unsigned n = 0; n < 100; n++)
		assert_true(holds("forking", (off_t)(10 + n) * LEN, n, LEN));
	close(fd);
}

/* Cancellation */

static unsigned char cancelled_space[SPACE];

static void *write_until_cancelled(void *fd)
{
	unsigned char *bytes;

	use_space(cancelled_space);
	bytes = odd_bytes(1, LEN);
	for (;;)
		must(pwrite(*(int *)fd, bytes, LEN, 3) == LEN);
}

static void cancel_after(useconds_t delay, int fd)
{
	pthread_t thread;
	void *result;

	assert_int_equal(pthread_create(&thread, NULL, write_until_cancelled, &fd), 0);
	usleep(delay);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
}

/* Cancels more calls than there are bounce buffers: a lost buffer would show. */
static void cancellation_leaves_nothing_behind(void **state)
{
	int fd = open_direct("cancelled");

	(void)state;
	for (unsigned n = 0; n < 200; n++) {
		cancel_after(n * 17 % 1500, fd);
		assert_true(fcntl(fd, F_GETFL) & O_DIRECT);
	}
	assert_true(moves_data(fd, 7, 2, LEN));
	close(fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_handler_can_write_in_the_midst_of_a_write),
	cmocka_unit_test(children_forked_in_the_midst_of_writes_can_write),
	cmocka_unit_test(cancellation_leaves_nothing_behind),
};

SUITE(interrupted_suite, tests);
