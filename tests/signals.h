/*
 * Signals, processes and threads that interrupt the shim's work (promise P7).
 *
 * signals.bats runs this program under the shim, in directories of several filesystems and on block
 * devices. All I/O of these tests is misaligned.
 */
#ifndef DIOSHIM_TEST_SIGNALS_H
#define DIOSHIM_TEST_SIGNALS_H

/* cmocka.h requires the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "stress_util.h"
#include "suites.h"

/* An assertion for threads, child processes and handlers, where those of cmocka do not work. */
#define must(condition) \
	((condition) \
		 ? (void)0 \
		 : found("%s:%d: failed: %s (errno %d)", __FILE__, __LINE__, #condition, errno))

/* How many times longer the tests run than in `make check`. */
extern unsigned scale;

/* A file, or a part of the block device. */
struct spot {
	int fd;
	off_t base;
};

enum { SPOTS = 60, SPOT_SIZE = 1 << 20, LONGEST = 150000 };

bool on_block_device(void);
struct spot spot_open(int number);
void spot_close(struct spot s);
bool still_direct(struct spot s);

/*
 * Writes `len` bytes that depend on `seed` from an odd address, and reads them back. Returns
 * whether this worked. Async-signal-safe.
 */
bool moves_data(struct spot s, off_t at, unsigned seed, size_t len);

/* The two halves of moves_data(). The buffer must have room for `len` + 1 bytes. */
bool puts_data(struct spot s, off_t at, unsigned seed, size_t len, unsigned char *buffer);
bool holds_data(struct spot s, off_t at, unsigned seed, size_t len, unsigned char *buffer);

/* Returns whether all of [at, at + len) is the byte `a`, or all of it the byte `b`. */
bool all_old_or_all_new(struct spot s, off_t at, size_t len, unsigned char a, unsigned char b);

/* Runs more threads at once than there are bounce buffers. Hangs if a buffer was lost. */
void crowd(int rounds);

/* Threads that move data in spots of their own in the background. */
struct bustle {
	pthread_t threads[8];
	int count;
	_Atomic bool over;
	_Atomic int next_spot;
};

void bustle_start(struct bustle *b, int count, int first_spot);
void bustle_stop(struct bustle *b);

/*
 * A thread that sends signals to the thread that starts it. It sends each one a short random time
 * after the handler of the one before has ended, so that the interrupted call makes progress on a
 * slow disk, too.
 */
struct storm {
	pthread_t thread;
	pid_t target;
	int signal;
	_Atomic bool over;
};

void storm_start(struct storm *s, int signal);
void storm_stop(struct storm *s);
void storm_handled(void); /* to be called by the handler at its end */

/* Seconds, times `scale`, that a test may take on a slow machine to reach its minimum counts. */
enum { PATIENCE = 20 };

/* The tests, one file for each kind. */
extern const struct suite handlers_suite;
extern const struct suite processes_suite;
extern const struct suite threads_suite;
extern const struct suite flags_suite;

#endif
