/*
 * What a descriptor number was last seen to want: one byte for each, two alignments as powers of two.
 *
 * A hint only ever chooses between asking the kernel first and looking first. It is never believed:
 * descriptors change behind our back (dup, exec, SCM_RIGHTS, fcntl in another process, closefrom in
 * the C library), so a wrong hint costs a system call and nothing else. Zero, which every number
 * starts with, means: ask the kernel first.
 *
 * That start is deliberate. Until the kernel has refused a call on a number, the program makes
 * exactly the system calls that it makes without the shim.
 */
#ifndef DIOSHIM_HINT_H
#define DIOSHIM_HINT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers above this are not remembered: each misaligned call there is refused once by the kernel. */
#define HINT_FDS 65536

extern _Atomic uint8_t hint_table[HINT_FDS];

static inline uint8_t hint_get(int fd)
{
	return (unsigned)fd < HINT_FDS ?
		       atomic_load_explicit(&hint_table[fd], memory_order_relaxed) : 0;
}

/* Stores only what differs: the table is read on every call, and its cache lines stay shared. */
static inline void hint_set(int fd, uint8_t hint)
{
	if (hint_get(fd) != hint && (unsigned)fd < HINT_FDS)
		atomic_store_explicit(&hint_table[fd], hint, memory_order_relaxed);
}

static inline void hint_forget(int fd)
{
	hint_set(fd, 0);
}

/* Is it known that the kernel would refuse? Addresses and lengths in bytes, `off` 0 where implied. */
static inline bool hint_refuses(int fd, uintptr_t addr, size_t len, uint64_t off)
{
	uint8_t hint = hint_get(fd);

	if (__builtin_expect(!hint, 1))
		return false;
	return (addr & ((1UL << (hint >> 4)) - 1)) || ((len | off) & ((1UL << (hint & 15)) - 1));
}

/* Remember what `fd` wants: alignments in bytes, powers of two, 1 for unknown. */
void hint_learn(int fd, uint32_t mem, uint32_t off);

/* The length and offset alignment remembered for `fd`, in bytes; 1 if none. */
uint32_t hint_off(int fd);

/* The numbers from `first` to `last` are closed. */
void hint_forget_range(unsigned first, unsigned last);

#endif
