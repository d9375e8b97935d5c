/*
 * DIOSHIM_REFUSED=buffered, on a file system that refuses O_DIRECT. refused.bats starts these tests under the
 * shim; DIOSHIM_TEST_DIR is a directory on it.
 */
#ifndef DIOSHIM_REFUSED_TEST_H
#define DIOSHIM_REFUSED_TEST_H

/* cmocka.h needs the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "raw.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static inline const char *in_dir(const char *name)
{
	static __thread char path[2][4096];
	static __thread int n;

	n = !n;
	snprintf(path[n], sizeof(path[n]), "%s/%s", getenv("DIOSHIM_TEST_DIR"), name);
	return path[n];
}

/* What the program sees, and what the kernel says. */
static inline bool shown(int fd)
{
	return fcntl(fd, F_GETFL) & O_DIRECT;
}

static inline bool is_true(int fd)
{
	return raw_syscall(SYS_fcntl, fd, F_GETFL) & O_DIRECT;
}

static inline int open_new(const char *name)
{
	int fd = open(in_dir(name), O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);

	assert_true(fd >= 0);
	return fd;
}

/* The groups of tests: of opens, of numbers and processes, of calls. */
int test_opens(void);
int test_numbers(void);
int test_calls(bool refused);

#endif
