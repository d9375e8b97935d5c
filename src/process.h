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
	RINGS = 64, /* threads that may have one at a time; fits my_place in ring.c */
	CACHE_LINE = 64,
};

/* One to a cache line: threads that use different ones do not meet. */
struct line {
	_Atomic uint32_t word;
} __attribute__((aligned(CACHE_LINE)));

/* A thread's io_uring (ring.c). What the kernel and we share lies beside the bounce buffers. */
struct ring {
	_Atomic uint32_t owner; /* the thread's number; 0: free */
	uint32_t number;        /* that the thread's kernel side knows it by */
	uintptr_t memory;       /* of both rings; all that follows is in bytes from there */
	uintptr_t sqes;         /* an address, though */
	uint32_t sq_head, sq_tail, sq_mask;
	uint32_t cq_head, cq_tail, cq_mask, cqes;
} __attribute__((aligned(CACHE_LINE)));

struct process {
	_Atomic uint32_t ring_pid; /* whose rings these are: a child of vfork shares its parent's memory */
	_Atomic uint32_t rings_refused;
	_Atomic uintptr_t bounce_region; /* where bounce memory is, and how much; bounce.c */
	_Atomic uint32_t bounce_calls; /* up to a bound */
	_Atomic uint32_t bounce_waiters;
	_Atomic uint32_t bounce_freed;
	struct line bounce_busy[BOUNCE_SLOTS];
	struct line sector_lock[SECTOR_LOCKS];
	struct ring ring[RINGS];
};

/* The process's own, made at first need. Null where the kernel gives no such memory. */
struct process *process(void);

/* Wait until *word is no longer `value`, or be woken; wake `n` of those who wait. futex(2). */
void process_wait(_Atomic uint32_t *word, uint32_t value);
void process_wake(_Atomic uint32_t *word, int n);

#endif
