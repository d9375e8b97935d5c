/*
 * A guest's coexistence: what the shim does to the process it lives in, promises P7 and P8.
 *
 * guest.bats starts this program under the shim once for each filesystem, whose directory is in
 * DIOSHIM_TEST_DIR. Every test has buffers, lengths and offsets that direct I/O would refuse.
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

/* In a child process, a thread or a signal handler, where cmocka's assertions have nowhere to go. */
#define must(condition) \
	((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__))
void must_failed(const char *condition, const char *file, int line) __attribute__((noreturn));

/* A path in the test's directory. Each has its own static buffer: the last four stay valid. */
const char *in_dir(const char *name);

/* A new file, open for direct reading and writing. */
int open_direct(const char *name);

/* `len` bytes at an odd address that stand for `seed`; good until the next call. */
unsigned char *odd_bytes(unsigned seed, size_t len);
#define ODD_BYTES_MAX 100000

/* Where odd_bytes() puts them in this thread from now on: ODD_BYTES_MAX + 8 bytes. Returns the old. */
unsigned char *use_space(unsigned char *space);

/* Does the file hold at `off` what odd_bytes(seed, len) returned? Looked up through the page cache. */
bool holds(const char *name, off_t off, unsigned seed, size_t len);

/* Write odd_bytes(seed, len), read them back through `fd`, and compare. */
bool moves_data(int fd, off_t off, unsigned seed, size_t len);

/* The exit status of a child that calls `body` and then exits with 0. */
int status_of_child(void (*body)(void *), void *arg);

/* This program again, with the arguments given: argv[0] and the terminating null are added. */
int status_of_self(const char *how, const char *arg1, const char *arg2);

/* What the arguments of status_of_self() lead to. */
void inherited_main(const char *fd, const char *seed);
void tight_main(const char *name);
void lifetime_main(const char *name);

/* The tests, one file for each kind. */
struct suite {
	const struct CMUnitTest *tests;
	size_t count;
};
extern const struct suite names_suite;
extern const struct suite descriptors_suite;
extern const struct suite processes_suite;
extern const struct suite interrupted_suite;
extern const struct suite stack_suite;
extern const struct suite lifetime_suite;
extern const struct suite faults_suite;

#define SUITE(name, tests) \
	const struct suite name = { tests, sizeof(tests) / sizeof((tests)[0]) }

#endif
