/*
 * What the shim keeps per process beyond the hints: who uses which bounce buffer, which sectors of
 * block devices are being rewritten, which calls wait for which.
 *
 * It lies in memory that the kernel wipes in the child of a fork (MADV_WIPEONFORK, Linux 4.14):
 * other threads' claims do not exist there, nor does the bounce memory. The initial state is all
 * zero.
 */
#ifndef DIOSHIM_PROCESS_H
#define DIOSHIM_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "hint.h"
#include "window.h"

enum {
	BOUNCE_SLOTS = 97, /* the most that bounce.c divides BOUNCE_MAX_MOST into */
	SECTOR_LOCKS = 32,
	GATE_BUCKETS = 32,
	GATES = 8, /* in each bucket */
	RANGES = 256,
	ASYNC_LOCKS = 32,
	AIO_CHANGES = 16,
	AIO_SLOTS = 2,
	AIO_POOL_WORDS = 8, /* per slot */
	CACHE_LINE = 64,
};

/* One per cache line, so that threads that use different ones do not slow each other down. */
struct line {
	_Atomic uint32_t word;
} __attribute__((aligned(CACHE_LINE)));

/* The calls on one open file description; see gate.h and turn.h. */
struct gate {
	uint32_t key;	 /* the description's */
	uint32_t users;	 /* 0: free; these two are protected by the bucket's lock, */
	uint32_t inside; /* and so are these (gate.c): how many calls of `kind` */
	uint32_t waiting[2];
	uint32_t wait_for_window; /* how many of those inside wait for the window to open */
	uint8_t kind;
	uint8_t window_state;
	uint32_t joined; /* buffered calls since the window was opened */
	bool owner_waits;
	uintptr_t owner; /* the thread that has cleared O_DIRECT and has to set it again; 0: none */
	_Atomic uint32_t phase[2]; /* per kind: changes when those that wait are let in */
	_Atomic uint32_t opened;   /* changes when the window has been opened */
	/* Changes when the owner may be the last one inside, or is no longer the owner. */
	_Atomic uint32_t left;
	struct window window;
	_Atomic uint32_t turn_next, turn_now; /* who moves the file offset (turn.c) */
	_Atomic uint32_t turn_sleepers;
} __attribute__((aligned(CACHE_LINE)));

struct gate_bucket {
	_Atomic uint32_t lock;
	struct gate gate[GATES];
} __attribute__((aligned(CACHE_LINE)));

/* Bytes of a file that a call of several steps is writing; see range.h. */
struct range {
	uint32_t file;	/* description_file_of() */
	uint32_t order; /* 0: free */
	uint64_t start, end;
	bool awaited;		/* by calls that wait for its end, */
	_Atomic uint32_t ended; /* which changes this */
};

/* Bounce memory of requests of io_submit(2) that are under way; see aio_pool.h. */
struct aio_slot {
	uintptr_t addr;
	uint64_t used[AIO_POOL_WORDS]; /* a bit for each unit */
};

struct aio_pool {
	_Atomic uint32_t lock; /* protects the rest */
	bool refused;	       /* no context can be had */
	unsigned slots;	       /* that have memory */
	unsigned watched;      /* requests under way, */
	unsigned since_look;   /* and how many since it was looked which have ended */
	uint64_t context;      /* the shim's own; 0: none yet */
	struct aio_slot slot[AIO_SLOTS];
};

struct process {
	_Atomic uint32_t pid; /* whose descriptor numbers the tables are about; 0: not known yet */
	bool wiped_by_hand;   /* in a child: the kernel does not do it */

	_Atomic uintptr_t bounce_region; /* where the bounce memory is; 0: nowhere yet (bounce.c) */
	_Atomic uint32_t bounce_calls;	 /* counted up to a limit */
	_Atomic uint32_t bounce_waiters;
	_Atomic uint32_t bounce_freed;
	struct line bounce_busy[BOUNCE_SLOTS];

	struct line sector_lock[SECTOR_LOCKS];

	struct line async_lock[ASYNC_LOCKS]; /* by file; submissions inside (async.c) */

	struct aio_pool aio;
	_Atomic uintptr_t aio_changed[AIO_CHANGES]; /* iocbs; 0: free (aio_change.c) */
	_Atomic uint32_t aio_changes;		    /* how many, */
	_Atomic uint32_t aio_ended;		    /* how many there have been */
	_Atomic uint32_t aio_waiters;

	_Atomic uint32_t turns; /* calls that hold a turn or wait for one, on any description */
	struct gate_bucket gates[GATE_BUCKETS]; /* by a hash of the key */

	_Atomic uint32_t range_lock;  /* protects the rest; range.c */
	_Atomic uint32_t range_freed; /* changes when a place is free for those who wait for one */
	bool range_awaited;
	uint32_t range_order;
	_Atomic uint32_t range_top; /* no range from here on is in use */
	struct range range[RANGES];

	_Atomic uint32_t number[HINT_FDS]; /* calls in progress on each descriptor (number.c) */
};

/*
 * Returns the process's own, which is made on first use. Null if the kernel gives no such memory.
 */
struct process *process(void);

/* The same, but null if it has not been made yet. */
struct process *process_if_any(void);

/*
 * Returns whether the caller is in the process whose descriptors the tables are about. False in a
 * child of vfork(2) or clone(CLONE_VM): it shares this memory, but closes and duplicates
 * descriptors of its own.
 */
bool process_is_own(void);

/*
 * Both wait until *word is no longer `value`, or until a wake-up (futex(2)). The second waits for
 * at most `ns` nanoseconds, and works for words that processes share.
 */
void process_wait(_Atomic uint32_t *word, uint32_t value);
void process_wait_shared(_Atomic uint32_t *word, uint32_t value, long ns);

/* The first for at most `seconds`. Returns false on timeout. */
bool process_wait_bounded(_Atomic uint32_t *word, uint32_t value, long seconds);

/* Wakes up to `n` threads that wait for *word. */
void process_wake(_Atomic uint32_t *word, int n);

/* A lock for short sections: a few instructions, or I/O. Signals must be blocked. */
void process_lock(_Atomic uint32_t *word);
void process_unlock(_Atomic uint32_t *word);

#endif
