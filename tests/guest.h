/*
 * How the shim coexists with the program in whose process it is a guest: promises P7 and P8
 * (doc/design.md).
 *
 * guest.bats starts this program under the shim once for each filesystem; DIOSHIM_TEST_DIR is a
 * directory on it. Every test uses buffers, lengths and offsets that direct I/O would refuse.
 */
#ifndef DIOSHIM_TEST_GUEST_H
#define DIOSHIM_TEST_GUEST_H

/* cmocka.h needs the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "suites.h"

/* An assertion for child processes, threads and signal handlers, where cmocka's own do not work. */
#define must(condition) ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))
void must_failed(const char *condition, const char *file, int line) __attribute__((noreturn));

/* Returns a path in the test's directory, in a static buffer. The last four stay valid. */
const char *in_dir(const char *name);

/* Returns a descriptor of a new, empty file, open for direct reading and writing. */
int open_direct(const char *name);

/* Returns `len` bytes at an odd address, derived from `seed`; valid until the next call. */
unsigned char *odd_bytes(unsigned seed, size_t len);
#define ODD_BYTES_MAX 100000

/*
 * Sets where odd_bytes() stores them in this thread: ODD_BYTES_MAX + 8 bytes. Returns the previous
 * place.
 */
unsigned char *use_space(unsigned char *space);

/* Whether the file has at `off` what odd_bytes(seed, len) returns. Reads through the page cache. */
bool holds(const char *name, off_t off, unsigned seed, size_t len);

/* Writes odd_bytes(seed, len), reads them back through `fd`, and compares. */
bool moves_data(int fd, off_t off, unsigned seed, size_t len);

/*
 * Returns the exit status of a child that calls `body` and then exits with 0; 128 + N if signal N
 * ended it.
 */
int status_of_child(void (*body)(void *), void *arg);

/*
 * Runs this program in a child, with these arguments; returns its exit status as status_of_child()
 * does.
 */
int status_of_self(const char *how, const char *arg1, const char *arg2);

/* What status_of_self() runs in the child, for each `how`. */
void inherited_main(const char *fd, const char *seed);
void tight_main(const char *name);
void lifetime_main(const char *name);

/* The tests, one suite for each source file. */
extern const struct suite names_suite;
extern const struct suite descriptors_suite;
extern const struct suite processes_suite;
extern const struct suite origins_suite;
extern const struct suite interrupted_suite;
extern const struct suite stack_suite;
extern const struct suite lifetime_suite;
extern const struct suite faults_suite;

#endif
