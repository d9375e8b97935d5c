/*
 * Windows: moments in which O_DIRECT is off on an open file description, because the shim makes a
 * buffered call through it (buffered.c), or in which its flags are being set.
 *
 * O_DIRECT belongs to the description, so whoever shares it makes buffered calls in a window too. For
 * their sake each window is announced before the flag is cleared, in memory that the threads of the
 * process and its forked children share. A call that may have met a window brings its own range to the
 * device before it returns (direct.h, pass.h). The announcement is also what keeps the windows of
 * different processes on one description apart.
 *
 * A description goes by a key (description.h), and the key tells in which bucket its windows are announced.
 * While no window is open on the description, or on one that has the same bucket by chance, all that a call
 * has to do is to load the bucket's word before it and again after it.
 *
 * A process that is killed in a window leaves the announcement. It costs time and nothing else: others
 * wait for a window no longer than WINDOW_STALE_MS after it was opened, and the next one who opens a
 * window on the description takes it over.
 */
#ifndef DIOSHIM_WINDOW_H
#define DIOSHIM_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	WINDOW_BUCKETS = 512,
	WINDOW_SLOTS = 6, /* in each: what a cache line has room for */
	WINDOW_STALE_MS = 1000,
};

struct window_bucket {
	/* How many windows have been opened, above; how many are open, in the low 16 bits. */
	_Atomic uint64_t word;
	_Atomic uint64_t slot[WINDOW_SLOTS]; /* key above, milliseconds below; 0: free */
	_Atomic uint32_t hidden; /* windows that are open and found no slot */
} __attribute__((aligned(64)));

struct window_memory {
	_Atomic uint32_t keys; /* how many keys have been given out */
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
	bool taken_over; /* from a process that is dead, and has left O_DIRECT off */
};

/* The word of the description's bucket, to be compared later (window_met()). */
static inline uint64_t window_now(uint32_t key)
{
	return atomic_load_explicit(&window_bucket(window_memory, key)->word, memory_order_acquire);
}

/* How many windows were open then? */
static inline unsigned window_count(uint64_t word)
{
	return word & 0xffff;
}

/* Is a window open on the description now? */
bool window_is_open(uint32_t key);

/*
 * May a system call, made since window_now() returned `since`, have met a window of the description? No
 * window was open on it then. True also for a window of another description that has the same bucket.
 */
static inline bool window_met(uint32_t key, uint64_t since)
{
	/* What the system call saw of the flags comes before this load. */
	atomic_thread_fence(memory_order_acquire);
	return window_now(key) >> 16 != since >> 16;
}

/* Has a window on the description been open for so long that its owner is likely to be dead? */
bool window_is_stale(uint32_t key);

/* Opens a window. Waits for one that another process has open on the description, but not for ever. */
void window_open(struct window *w, uint32_t key);

/* Says that the window is still in use, before it looks stale. False if somebody has taken it over. */
bool window_refresh(struct window *w);

void window_close(struct window *w);

/*
 * Takes O_DIRECT off the description, in a window. *cleared becomes true if it was set: whoever has cleared
 * it sets it again. False if the flags cannot be set; then they are as they were.
 */
bool window_clear_direct(int fd, bool *cleared);

/* Sets it again. */
void window_set_direct(int fd);

/*
 * The flags of a descriptor of the description, with O_DIRECT where it is off for a moment only. A
 * negative errno if they cannot be read.
 */
long window_flags(uint32_t key, int fd);

/* Waits until no window is open on the description, but not for ever. False if one is open still. */
bool window_wait(uint32_t key);

/* A key that nobody else has, among the processes that share the memory. */
uint32_t window_new_key(void);

#endif
