/* Processes that are created while other threads do misaligned I/O. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

enum { BUSTLE = 5 };

static bool ended_well(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* Moves data in the child, through the parent's descriptor and through its own. */
static void child_moves_data(struct spot inherited, int number)
{
	struct spot own = spot_open(number);

	must(moves_data(inherited, 1, 1, 33));
	must(moves_data(inherited, 9, 2, 90001));
	must(moves_data(own, 3, 3, 5001));
	/* On the inherited description a call of the parent may clear O_DIRECT for a moment. */
	must(still_direct(own));
	_exit(0);
}

/* --- fork, from many threads at once --- */

struct parent {
	pthread_t thread;
	int number;
};

static void *parent_main(void *parent)
{
	struct parent *p = parent;
	struct spot s = spot_open(20 + p->number);

	for (unsigned i = 0; i < 20 * scale; i++) {
		pid_t child = fork();

		must(child >= 0);
		if (!child)
			child_moves_data(s, 30 + p->number);
		must(moves_data(s, 200001, i, 3333));
		must(ended_well(child));
		must(still_direct(s));
	}
	spot_close(s);
	return NULL;
}

static void fork_from_threads(void **state)
{
	struct parent parents[4];
	struct bustle b;

	(void)state;
	bustle_start(&b, BUSTLE, 10);
	for (int i = 0; i < 4; i++) {
		parents[i].number = i;
		must(!pthread_create(&parents[i].thread, NULL, parent_main, &parents[i]));
	}
	for (int i = 0; i < 4; i++)
		pthread_join(parents[i].thread, NULL);
	bustle_stop(&b);
	crowd(1);
}

/* A child can fork and start threads itself. */
static void generations(void **state)
{
	struct spot s = spot_open(0);
	struct bustle b;
	pid_t child;

	(void)state;
	bustle_start(&b, BUSTLE, 10);
	child = fork();
	if (!child) {
		pid_t grandchild;

		crowd(1);
		grandchild = fork();
		if (!grandchild)
			child_moves_data(s, 1);
		must(ended_well(grandchild));
		_exit(0);
	}
	assert_true(ended_well(child));
	bustle_stop(&b);
	spot_close(s);
}

/* --- vfork, posix_spawn, clone --- */

static char *const true_args[] = { (char[]){ "true" }, NULL };

static void vfork_and_exec(void **state)
{
	const struct spot s = spot_open(0);
	unsigned char buffer[700];
	struct bustle b;

	(void)state;
	bustle_start(&b, BUSTLE, 10);
	for (unsigned i = 0; i < 40 * scale; i++) {
		pid_t child = vfork();

		if (!child) {
			/* vfork(2) does not allow this, but programs do it. */
			if (!puts_data(s, 11, i, 600, buffer))
				_exit(1);
			execve("/bin/true", true_args, environ);
			_exit(127);
		}
		assert_true(ended_well(child));
		assert_true(holds_data(s, 11, i, 600, buffer));
	}
	bustle_stop(&b);
	crowd(1);
	spot_close(s);
}

static void spawn(void **state)
{
	struct bustle b;
	pid_t child;

	(void)state;
	bustle_start(&b, BUSTLE, 10);
	for (unsigned i = 0; i < 40 * scale; i++) {
		must(!posix_spawn(&child, "/bin/true", NULL, NULL, true_args, environ));
		assert_true(ended_well(child));
	}
	bustle_stop(&b);
	crowd(1);
}

static int clone_main(void *spot)
{
	struct spot *s = spot;

	return moves_data(*s, 21, 5, 60001) && moves_data(*s, 13, 6, 7) ? 0 : 1;
}

static void clone_with_our_memory(void **state)
{
	enum { STACK = 64 << 10 };
	char *stack = page_memory(STACK);
	struct spot s = spot_open(0);
	struct bustle b;

	(void)state;
	bustle_start(&b, BUSTLE, 10);
	for (unsigned i = 0; i < 60 * scale; i++) {
		int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
		pid_t child = clone(clone_main, stack + STACK, flags, &s);

		assert_true(ended_well(child));
	}
	bustle_stop(&b);
	crowd(1);
	spot_close(s);
	page_memory_free(stack, STACK);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(fork_from_threads),	 cmocka_unit_test(generations),
	cmocka_unit_test(vfork_and_exec),	 cmocka_unit_test(spawn),
	cmocka_unit_test(clone_with_our_memory),
};

SUITE(processes_suite, tests);
