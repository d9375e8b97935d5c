/*
 * Finds code that sets up an io_uring without liburing's functions: they are inline in the program or part of it, or
 * it calls syscall(2). The number of io_uring_setup(2) is an immediate operand there.
 */
#ifndef DIOSHIM_RING_CODE_H
#define DIOSHIM_RING_CODE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	RING_CODE_REACH = 64, /* bytes from the number to the system call, at most */
};

/*
 * Looks through `size` bytes of x86-64 code. `calls` says whether the object imports syscall(2). A pattern that begins in
 * the last RING_CODE_REACH bytes is not found.
 */
bool ring_code_find(const unsigned char *code, size_t size, bool calls);

#endif
