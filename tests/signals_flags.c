/* Settings of the program: the file size limit, and O_DIRECT that another thread toggles. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

static void files_only(void)
{
	if (!on_block_device())
		return;
	print_message("for files only, but this is a block device\n");
	skip();
}

/* --- RLIMIT_FSIZE --- */

enum { LIMIT = 10001 };

static ssize_t write_odd(struct spot s, size_t len, off_t at)
{
	static unsigned char bytes[LONGEST + 2];

	return pwrite(s.fd, bytes + 1, len, s.base + at);
}

/* Runs `body` in a child with a file size limit. Returns the wait status. */
static int under_limit(struct spot s, void (*body)(struct spot s))
{
	const struct rlimit limit = { LIMIT, LIMIT };
	const struct rlimit no_core = { 0, 0 };
	int status;
	pid_t child = fork();

	must(child >= 0);
	if (!child) {
		must(!ftruncate(s.fd, 0));
		setrlimit(RLIMIT_CORE, &no_core);
		must(!setrlimit(RLIMIT_FSIZE, &limit));
		body(s);
		_exit(0);
	}
	must(waitpid(child, &status, 0) == child);
	return status;
}

static void write_beyond(struct spot s)
{
	write_odd(s, 100, LIMIT);
}

static void write_across(struct spot s)
{
	struct stat st;

	must(write_odd(s, 5000, 8001) == LIMIT - 8001);
	must(write_odd(s, 100000, 3) == LIMIT - 3);
	must(write_odd(s, 1, LIMIT - 1) == 1);
	must(!fstat(s.fd, &st) && st.st_size == LIMIT);
}

static volatile sig_atomic_t limit_signals;

static void on_limit(int number)
{
	(void)number;
	limit_signals++;
}

static void write_beyond_handled(struct spot s)
{
	signal(SIGXFSZ, on_limit);
	must(write_odd(s, 100, LIMIT) == -1 && errno == EFBIG);
	must(limit_signals == 1);
	signal(SIGXFSZ, SIG_IGN);
	must(write_odd(s, 100, LIMIT + 3) == -1 && errno == EFBIG);
	must(limit_signals == 1);
}

static void size_limit(void **state)
{
	struct spot s;
	int status;

	(void)state;
	files_only();
	s = spot_open(0);
	status = under_limit(s, write_beyond);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
	assert_int_equal(under_limit(s, write_across), 0);
	assert_int_equal(under_limit(s, write_beyond_handled), 0);
	assert_true(still_direct(s));
	spot_close(s);
}

/* --- O_DIRECT, on and off --- */

static struct flipper {
	struct spot spot;
	_Atomic bool over;
	_Atomic unsigned flips;
} flipper;

static void set_direct(struct spot s, bool direct)
{
	int flags = fcntl(s.fd, F_GETFL);

	must(flags >= 0);
	must(!fcntl(s.fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT));
}

static void *flipper_main(void *unused)
{
	(void)unused;
	while (!flipper.over) {
		set_direct(flipper.spot, ++flipper.flips % 2);
		usleep(20);
	}
	return NULL;
}

static void *mover_main(void *region)
{
	off_t at = *(off_t *)region;
	double start = seconds_now();
	unsigned seed = 0;

	while (seconds_now() < start + (flipper.flips > 100 ? 0.4 : PATIENCE) * scale) {
		must(moves_data(flipper.spot, at, seed++, 20001));
		must(moves_data(flipper.spot, at + 20001, seed++, 301));
	}
	return NULL;
}

static void direct_on_and_off(void **state)
{
	enum { MOVERS = 3 };
	off_t regions[MOVERS] = { 1, 20303, 40605 };
	pthread_t movers[MOVERS], thread;

	(void)state;
	files_only();
	flipper = (struct flipper){ .spot = spot_open(0) };
	must(!pthread_create(&thread, NULL, flipper_main, NULL));
	for (int i = 0; i < MOVERS; i++)
		must(!pthread_create(&movers[i], NULL, mover_main, &regions[i]));
	for (int i = 0; i < MOVERS; i++)
		pthread_join(movers[i], NULL);
	flipper.over = true;
	pthread_join(thread, NULL);
	assert_true(flipper.flips > 100);
	/* The flag must stay as the program has set it. */
	set_direct(flipper.spot, true);
	assert_true(moves_data(flipper.spot, 3, 1, 50001));
	assert_true(still_direct(flipper.spot));
	set_direct(flipper.spot, false);
	assert_true(moves_data(flipper.spot, 3, 2, 50001));
	assert_false(still_direct(flipper.spot));
	spot_close(flipper.spot);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(size_limit),
	cmocka_unit_test(direct_on_and_off),
};

SUITE(flags_suite, tests);
