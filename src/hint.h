/*
 * What a descriptor number was last seen to require: one byte per number, two alignments as powers
 * of two.
 *
 * A hint only decides whether the kernel is asked first or the descriptor is looked at first, and
 * whether a call must consider others that use the same description (pass.h). It is never trusted:
 * descriptors change unseen (dup, exec, SCM_RIGHTS, fcntl in another process, closefrom in the C
 * library), so a wrong hint costs a system call and nothing else. Zero, the initial value, means
 * that nothing is known: ask the kernel first.
 */
#ifndef DIOSHIM_HINT_H
#define DIOSHIM_HINT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/*
	 * Numbers from this on are not remembered: there the kernel refuses each misaligned call
	 * once.
	 */
	HINT_FDS = 65536,

	/* Opened with O_DIRECT; its alignments are not known yet. */
	HINT_DIRECT = 0xff,
};

extern _Atomic uint8_t hint_table[HINT_FDS];

/* No number above this has a hint or is in use by a call. */
extern _Atomic uint32_t hint_top;

static inline uint8_t hint_get(int fd)
{
	return (unsigned)fd < HINT_FDS ? atomic_load_explicit(&hint_table[fd], memory_order_relaxed)
				       : 0;
}

/* Raises hint_top to at least `fd`. */
void hint_reach(int fd);

/*
 * Stores a hint only if it differs: the table is read on every call, and its cache lines stay
 * shared.
 */
static inline void hint_set(int fd, uint8_t hint)
{
	if (hint_get(fd) == hint || (unsigned)fd >= HINT_FDS)
		return;
	hint_reach(fd);
	atomic_store_explicit(&hint_table[fd], hint, memory_order_relaxed);
}

static inline void hint_forget(int fd)
{
	hint_set(fd, 0);
}

/* Returns whether the kernel is known to refuse this. Bytes; `off` is 0 where it is implied. */
static inline bool hint_refuses(int fd, uintptr_t addr, size_t len, uint64_t off)
{
	uint8_t hint = hint_get(fd);

	if (!hint || hint == HINT_DIRECT)
		return false;
	return (addr & ((1UL << (hint >> 4)) - 1)) || ((len | off) & ((1UL << (hint & 15)) - 1));
}

/* Remembers what `fd` requires: alignments in bytes, powers of two, 1 for unknown. */
void hint_learn(int fd, uint32_t mem, uint32_t off);

/* Returns the length and offset alignment remembered for `fd`, in bytes; 1 if there is none. */
uint32_t hint_off(int fd);

#endif
