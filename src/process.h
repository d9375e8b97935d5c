/*
 * What the shim keeps for a process beyond the hints: who uses which bounce buffer, which sectors of
 * block devices are being rewritten.
 *
 * It lives on a page of its own that the kernel wipes in the child of a fork (MADV_WIPEONFORK,
 * Linux 4.14): other threads' claims do not exist there, nor does the bounce memory. All zero is the
 * state at the start.
 */
#ifndef DIOSHIM_PROCESS_H
#define DIOSHIM_PROCESS_H

#include <stdatomic.h>
#include <stdint.h>

enum {
	BOUNCE_SLOTS = 72,
	SECTOR_LOCKS = 32,
	CACHE_LINE = 64,
};

/* One to a cache line: threads that use different ones do not meet. */
struct line {
	_Atomic uint32_t word;
} __attribute__((aligned(CACHE_LINE)));

struct process {
	_Atomic uintptr_t bounce_region; /* where bounce memory is, and how much; bounce.c */
	_Atomic uint32_t bounce_calls; /* up to a bound */
	_Atomic uint32_t bounce_waiters;
	_Atomic uint32_t bounce_freed;
	struct line bounce_busy[BOUNCE_SLOTS];
	struct line sector_lock[SECTOR_LOCKS];
};

/* The process's own, made at first need. Null where the kernel gives no such memory. */
struct process *process(void);

/* Wait until *word is no longer `value`, or be woken; wake `n` of those who wait. futex(2). */
void process_wait(_Atomic uint32_t *word, uint32_t value);
void process_wake(_Atomic uint32_t *word, int n);

#endif
