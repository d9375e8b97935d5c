/*
 * System calls past the shim, which covers the C library's syscall(2) by name: what the kernel itself says.
 * -1 and errno, like syscall(2).
 */
#ifndef DIOSHIM_TEST_RAW_H
#define DIOSHIM_TEST_RAW_H

#include <errno.h>

#include "sys64.h"

static inline long raw_answer(long ret)
{
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = (int)-ret;
	return -1;
}

#define raw_syscall(...) raw_answer(sys(__VA_ARGS__))

#endif
