/* Moments in which O_DIRECT is off on a description. See window.h. */
#include "window.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "description.h"
#include "process.h"
#include "sys64.h"

enum {
	YIELDS = 16, /* before a wait sleeps */
	SLEEP_NS = 100000,
	REFRESH_MS = WINDOW_STALE_MS / 8,

	ROUNDS = 5000, /* of one wait: a little over half a second */
};

/*
 * Until the constructor has run, and if no memory can be shared: for the threads of the process
 * only.
 */
static struct window_memory own_memory;

struct window_memory *window_memory = &own_memory;

__attribute__((constructor(102))) static void share_memory(void)
{
	long addr = sys_mmap(sizeof(*window_memory), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1);

	if (!sys_failed(addr))
		window_memory = (struct window_memory *)addr;
}

static uint32_t time_now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* Does not tell the owner: a slot has only one until it is stale. */
static uint64_t claim_of(uint32_t key)
{
	return (uint64_t)key << 32 | time_now_ms();
}

static bool stale(uint64_t claim)
{
	return time_now_ms() - (uint32_t)claim > WINDOW_STALE_MS;
}

/* Returns the slot with the window of the description; null if there is none. */
static _Atomic uint64_t *find_slot(struct window_bucket *b, uint32_t key, uint64_t *claim)
{
	/* Key 0 means no key, and a free slot. */
	*claim = 0;
	for (int i = 0; key && i < WINDOW_SLOTS; i++) {
		*claim = atomic_load(&b->slot[i]);
		if (*claim >> 32 == key)
			return &b->slot[i];
	}
	return NULL;
}

bool window_is_open(uint32_t key)
{
	struct window_bucket *b = window_bucket(window_memory, key);
	uint64_t claim;

	if (!window_count(atomic_load(&b->word)))
		return false;
	return !key || atomic_load(&b->hidden) || find_slot(b, key, &claim);
}

/* Reads the flags just before it sets them: another process may change others of them meanwhile. */
bool window_clear_direct(int fd, bool *cleared)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	if (flags < 0)
		return false;
	if (!(flags & O_DIRECT))
		return true;
	if (sys(SYS_fcntl, fd, F_SETFL, flags & ~(long)O_DIRECT))
		return false;
	*cleared = true;
	return true;
}

void window_set_direct(int fd)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	if (flags >= 0 && !(flags & O_DIRECT))
		sys(SYS_fcntl, fd, F_SETFL, flags | O_DIRECT);
}

/* Sleeps on the half of the slot that is at its address, because a futex is a word of 32 bits. */
static void sleep_on(_Atomic uint64_t *slot, uint64_t claim)
{
	uint32_t half;

	memcpy(&half, &claim, sizeof(half));
	process_wait_shared((_Atomic uint32_t *)slot, half, SLEEP_NS);
}

/* One round of waiting for a window. Returns false if the wait has been long enough. */
static bool wait_round(_Atomic uint64_t *slot, uint64_t claim, int round)
{
	if (round >= ROUNDS || stale(claim))
		return false;
	if (round < YIELDS)
		sys(SYS_sched_yield);
	else
		sleep_on(slot, claim);
	return true;
}

bool window_wait(uint32_t key)
{
	struct window_bucket *b = window_bucket(window_memory, key);
	uint64_t claim;

	for (int round = 0;; round++) {
		_Atomic uint64_t *slot = find_slot(b, key, &claim);

		if (!slot)
			return true;
		if (!wait_round(slot, claim, round))
			return false;
	}
}

/*
 * Looks again in doubt: a descriptor of another description must not be taken for direct. Only a
 * window that is open, and stays so, on a key that nobody else has counts.
 */
long window_flags(uint32_t key, int fd)
{
	enum { LOOKS = 100 };
	struct window_bucket *b = window_bucket(window_memory, key);
	uint64_t claim, since;
	bool open = false;
	long flags = -EBADF;

	for (int i = 0; i < LOOKS; i++) {
		since = window_now(key);
		open = find_slot(b, key, &claim);
		flags = sys(SYS_fcntl, fd, F_GETFL);
		/* A window that was closed before the look has set O_DIRECT again. */
		if (flags < 0 || (flags & O_DIRECT) || (!open && !window_met(key, since)))
			return flags;
		if (open && !window_wait(key))
			break;
	}
	return open && description_is_certain(key) ? flags | O_DIRECT : flags;
}

bool window_is_stale(uint32_t key)
{
	uint64_t claim;

	return find_slot(window_bucket(window_memory, key), key, &claim) && stale(claim);
}

/* Takes a free slot for the window. Returns null if there is none. */
static _Atomic uint64_t *take_free(struct window_bucket *b, uint64_t claim)
{
	for (int i = 0; i < WINDOW_SLOTS; i++) {
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(&b->slot[i], &none, claim))
			return &b->slot[i];
	}
	return NULL;
}

/* Changes the word, for calls that have looked at the slots already. */
static void announce(struct window_bucket *b)
{
	atomic_fetch_add(&b->word, (1 << 16) + 1);
	/* This comes before the flag is cleared. */
	atomic_thread_fence(memory_order_seq_cst);
}

/* Takes over what a process that was killed has left. announce() counts the window again. */
static bool take_over(struct window_bucket *b, _Atomic uint64_t *slot, uint64_t there,
		      uint64_t claim)
{
	if (!stale(there) || !atomic_compare_exchange_strong(slot, &there, claim))
		return false;
	atomic_fetch_sub(&b->word, 1);
	return true;
}

void window_open(struct window *w, uint32_t key)
{
	struct window_bucket *b = window_bucket(window_memory, key);
	uint64_t there;

	*w = (struct window){ .bucket = b, .claim = claim_of(key) };
	for (int round = 0;; round++) {
		_Atomic uint64_t *slot = find_slot(b, key, &there);

		if (!slot)
			break;
		if (wait_round(slot, there, round))
			continue;
		w->taken_over = take_over(b, slot, there, w->claim);
		if (w->taken_over)
			w->slot = slot;
		break;
	}
	if (!w->slot)
		w->slot = take_free(b, w->claim);
	if (!w->slot)
		atomic_fetch_add(&b->hidden, 1);
	announce(b);
}

bool window_refresh(struct window *w)
{
	uint64_t claim = w->claim;
	uint64_t fresh = claim_of((uint32_t)(claim >> 32));

	if (!w->slot || (uint32_t)fresh - (uint32_t)claim < REFRESH_MS)
		return true;
	if (!atomic_compare_exchange_strong(w->slot, &claim, fresh))
		return false;
	w->claim = fresh;
	return true;
}

void window_close(struct window *w)
{
	uint64_t claim = w->claim;

	if (!w->slot)
		atomic_fetch_sub(&w->bucket->hidden, 1);
	/* Taken over by somebody who found it stale: no longer ours to count. */
	else if (!atomic_compare_exchange_strong(w->slot, &claim, 0))
		return;
	atomic_fetch_sub(&w->bucket->word, 1);
}

uint32_t window_new_key(void)
{
	/*
	 * The upper half of the keys is for descriptions that are identified by their file
	 * (description.c).
	 */
	return (atomic_fetch_add_explicit(&window_memory->keys, 1, memory_order_relaxed) + 1) &
	       INT32_MAX;
}
