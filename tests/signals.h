/*
 * A guest's coexistence under fire (promise P7): signals, processes and threads at the worst moment.
 *
 * signals.bats starts this program under the shim, in a directory of each filesystem and on block
 * devices. All I/O here is such that direct I/O would refuse it.
 */
#ifndef DIOSHIM_TEST_SIGNALS_H
#define DIOSHIM_TEST_SIGNALS_H

/* cmocka.h needs the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "stress_util.h"

/* In a thread, a child process or a handler, where cmocka's assertions have nowhere to go. */
#define must(condition)                                                                \
	((condition) ? (void)0 :                                                       \
		       found("%s:%d: not so: %s (errno %d)", __FILE__, __LINE__, #condition, errno))

/* How much longer than in `make check` everything goes on. */
extern unsigned scale;

/* A file of one's own, or a part of the block device. */
struct spot {
	int fd;
	off_t base;
};

enum { SPOTS = 60, SPOT_SIZE = 1 << 20, LONGEST = 150000 };

bool on_block_device(void);
struct spot spot_open(int number);
void spot_close(struct spot s);
bool still_direct(struct spot s);

/* Write `len` bytes that stand for `seed` at an odd address, read them back. Async-signal-safe. */
bool moves_data(struct spot s, off_t at, unsigned seed, size_t len);

/* The halves of that. The buffer is LONGEST bytes and one more. */
bool puts_data(struct spot s, off_t at, unsigned seed, size_t len, unsigned char *buffer);
bool holds_data(struct spot s, off_t at, unsigned seed, size_t len, unsigned char *buffer);

/* Is all of [at, at + len) the byte `a`, or all of it the byte `b`? */
bool all_old_or_all_new(struct spot s, off_t at, size_t len, unsigned char a, unsigned char b);

/* More threads than there are bounce buffers, all at once. Hangs if one of those has been lost. */
void crowd(int rounds);

/* Threads that go on moving data in spots of their own, in the background. */
struct bustle {
	pthread_t threads[8];
	int count;
	_Atomic bool over;
	_Atomic int next_spot;
};

void bustle_start(struct bustle *b, int count, int first_spot);
void bustle_stop(struct bustle *b);

/*
 * A thread that sends a signal to the one that starts it, at random short intervals after the one
 * before was handled: where the disk is slow, what is interrupted has to get on, too.
 */
struct storm {
	pthread_t thread;
	pid_t target;
	int signal;
	_Atomic bool over;
};

void storm_start(struct storm *s, int signal);
void storm_stop(struct storm *s);
void storm_handled(void); /* for the handler to say at its end */

/* What has to be enough of something may take so long, for each of `scale`, on a slow machine. */
enum { PATIENCE = 20 };

/* The tests, one file for each kind. */
struct suite {
	const struct CMUnitTest *tests;
	size_t count;
};

#define SUITE(name, tests) const struct suite name = { tests, sizeof(tests) / sizeof((tests)[0]) }

extern const struct suite handlers_suite;
extern const struct suite processes_suite;
extern const struct suite threads_suite;
extern const struct suite flags_suite;

#endif
