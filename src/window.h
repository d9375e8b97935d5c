/*
 * Windows: moments in which O_DIRECT is off on an open file description, because the shim makes a
 * buffered call through it (buffered.c), or in which its flags are being set.
 *
 * O_DIRECT belongs to the description, so whoever shares it makes buffered calls in a window too.
 * Therefore each window is announced before the flag is cleared, in memory that the threads of the
 * process and its forked children share. A call that may have met a window brings its own range to
 * the device before it returns (direct.h, pass.h). The announcement also serializes the windows of
 * different processes on one description.
 *
 * A description is identified by a key (description.h), and the key selects the bucket in which its
 * windows are announced. While no window is open on the description, or on another one that happens
 * to have the same bucket, a call only has to load the bucket's word before it and again after it.
 *
 * A process that is killed in a window leaves the announcement. That only costs time: others wait
 * for a window no longer than WINDOW_STALE_MS after it was opened, and the next one to open a
 * window on the description takes it over.
 */
#ifndef DIOSHIM_WINDOW_H
#define DIOSHIM_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	WINDOW_BUCKETS = 512,
	WINDOW_SLOTS = 6, /* per bucket: what fits in a cache line */
	WINDOW_STALE_MS = 1000,
};

struct window_bucket {
	/* Upper bits: how many windows have been opened. Low 16 bits: how many are open. */
	_Atomic uint64_t word;
	_Atomic uint64_t slot[WINDOW_SLOTS]; /* key above, milliseconds below; 0: free */
	_Atomic uint32_t hidden;	     /* open windows that found no slot */
} __attribute__((aligned(64)));

struct window_memory {
	_Atomic uint32_t keys;			   /* how many keys have been given out */
	atomic_bool async_writes, async_and_edges; /* what has been done; see async.h */
	atomic_bool async_waited, async_begun;
	_Atomic uint32_t async_uncounted;	     /* submissions, before async_and_edges */
	_Atomic uint32_t async_unaware;		     /* buffered calls, before async_writes */
	struct window_bucket bucket[WINDOW_BUCKETS]; /* by the key's low bits */
};

extern struct window_memory *window_memory;

static inline struct window_bucket *window_bucket(struct window_memory *m, uint32_t key)
{
	return &m->bucket[key % WINDOW_BUCKETS];
}

/* An open window. */
struct window {
	struct window_bucket *bucket;
	_Atomic uint64_t *slot; /* null: hidden */
	uint64_t claim;
	bool taken_over; /* from a dead process that has left O_DIRECT off */
};

/* Returns the word of the description's bucket, to be compared later (window_met()). */
static inline uint64_t window_now(uint32_t key)
{
	return atomic_load_explicit(&window_bucket(window_memory, key)->word, memory_order_acquire);
}

/* Returns how many windows were open then. */
static inline unsigned window_count(uint64_t word)
{
	return word & 0xffff;
}

/* Returns whether a window is open on the description now. */
bool window_is_open(uint32_t key);

/*
 * Returns whether a system call made since window_now() returned `since` may have met a window of
 * the description. No window was open on it then. Also true for a window of another description
 * that has the same bucket.
 */
static inline bool window_met(uint32_t key, uint64_t since)
{
	/* The flags that the system call saw were read before this load. */
	atomic_thread_fence(memory_order_acquire);
	return window_now(key) >> 16 != since >> 16;
}

/*
 * Returns whether a window on the description has been open for so long that its owner is probably
 * dead.
 */
bool window_is_stale(uint32_t key);

/*
 * Opens a window. Waits, for a limited time, for one that another process has open on the
 * description.
 */
void window_open(struct window *w, uint32_t key);

/*
 * Marks the window as still in use, before it looks stale. Returns false if somebody has taken it
 * over.
 */
bool window_refresh(struct window *w);

void window_close(struct window *w);

/*
 * Takes O_DIRECT off the description, in a window. Sets *cleared to true if it was set: whoever has
 * cleared it sets it again. Returns false, with the flags unchanged, if they cannot be set.
 */
bool window_clear_direct(int fd, bool *cleared);

/* Sets it again. */
void window_set_direct(int fd);

/*
 * Returns the flags of a descriptor of the description, with O_DIRECT if it is only off
 * temporarily. A negative errno if they cannot be read.
 */
long window_flags(uint32_t key, int fd);

/*
 * Waits, for a limited time, until no window is open on the description. Returns false if one still
 * is.
 */
bool window_wait(uint32_t key);

/* Returns a key that nobody else has, among the processes that share the memory. */
uint32_t window_new_key(void);

#endif
