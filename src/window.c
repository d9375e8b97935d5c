/* Moments in which O_DIRECT is off on a description. See window.h. */
#include "window.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "description.h"
#include "process.h"
#include "sys.h"

enum {
	PROBES = 4, /* places in which the window of a key can be */
	YIELDS = 16, /* before a wait sleeps */
	SLEEP_NS = 100000,
	REFRESH_MS = WINDOW_STALE_MS / 8,

	ROUNDS = 5000, /* of one wait: something over half a second */
};

/* Until the constructor has run, and where there is no memory to share: for the threads alone. */
static struct window_memory own_memory;

struct window_memory *window_memory = &own_memory;

__attribute__((constructor(102))) static void share_memory(void)
{
	long addr = sys(SYS_mmap, NULL, sizeof(*window_memory), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0L);

	if (addr > 0)
		window_memory = (struct window_memory *)addr;
}

static uint32_t time_now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* Whose it is does not matter: a slot has one owner until it is stale. */
static uint64_t claim_of(uint32_t key)
{
	return (uint64_t)key << 32 | time_now_ms();
}

static bool stale(uint64_t claim)
{
	return time_now_ms() - (uint32_t)claim > WINDOW_STALE_MS;
}

static _Atomic uint64_t *slot_of(struct window_memory *m, uint32_t key, int probe)
{
	uint32_t hash = key * UINT32_C(0x9e3779b1);

	return &m->slot[((hash >> 16) + (uint32_t)probe) % WINDOW_SLOTS];
}

/* The slot with the window of the description; null if there is none. */
static _Atomic uint64_t *find(struct window_memory *m, uint32_t key, uint64_t *claim)
{
	/* No key: a free slot has none either. */
	*claim = 0;
	for (int probe = 0; key && probe < PROBES; probe++) {
		_Atomic uint64_t *slot = slot_of(m, key, probe);

		*claim = atomic_load(slot);
		if (*claim >> 32 == key)
			return slot;
	}
	return NULL;
}

bool window_is_open(uint32_t key)
{
	struct window_memory *m = window_memory;
	uint64_t claim;

	if (!window_count(atomic_load(&m->word)))
		return false;
	return !key || atomic_load(&m->hidden) || find(m, key, &claim);
}

/*
 * Who opens a window counts it, and then writes the history: a few instructions later, if it is not
 * interrupted or killed in between. Returns the entry, which may be an older one after all.
 */
static uint64_t history_entry(struct window_memory *m, uint64_t count)
{
	enum { SPINS = 2000 };
	uint64_t entry = atomic_load(&m->history[count % WINDOW_HISTORY]);

	for (int i = 0; i < SPINS && (int32_t)((uint32_t)(entry >> 32) - (uint32_t)count) < 0; i++)
		entry = atomic_load(&m->history[count % WINDOW_HISTORY]);
	return entry;
}

static bool opened_between(struct window_memory *m, uint32_t key, uint64_t first, uint64_t last)
{
	if (!key || last - first >= WINDOW_HISTORY)
		return true;
	for (uint64_t count = first; count <= last; count++) {
		uint64_t entry = history_entry(m, count);

		/* One that is not written yet, or is written over already, may be anybody's. */
		if (entry >> 32 != (uint32_t)count || (uint32_t)entry == key)
			return true;
	}
	return false;
}

bool window_met(uint32_t key, uint64_t since)
{
	struct window_memory *m = window_memory;
	uint64_t now;

	/* What the system call saw of the flags comes before this load. */
	atomic_thread_fence(memory_order_acquire);
	now = atomic_load(&m->word);
	if (now >> 16 == since >> 16)
		return false;
	return opened_between(m, key, (since >> 16) + 1, now >> 16);
}

/* The flags are read just before they are set: another process may change others of them meanwhile. */
bool window_switch(int fd, bool direct)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);
	long wanted = direct ? flags | O_DIRECT : flags & ~(long)O_DIRECT;

	if (flags < 0)
		return false;
	return flags == wanted || !sys(SYS_fcntl, fd, F_SETFL, wanted);
}

/* A futex is a word of 32 bits: the half of the slot that is at its address. */
static void sleep_on(_Atomic uint64_t *slot, uint64_t claim)
{
	uint32_t half;

	memcpy(&half, &claim, sizeof(half));
	process_wait_shared((_Atomic uint32_t *)slot, half, SLEEP_NS);
}

/* One round of waiting for a window. False when it is not to be waited for any longer. */
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
	struct window_memory *m = window_memory;
	uint64_t claim;

	for (int round = 0;; round++) {
		_Atomic uint64_t *slot = find(m, key, &claim);

		if (!slot)
			return true;
		if (!wait_round(slot, claim, round))
			return false;
	}
}

/*
 * In doubt it looks again: a descriptor of another description must not be taken for direct. Only a window
 * that is open, and stays so, on a key that nobody else has counts.
 */
long window_flags(uint32_t key, int fd)
{
	enum { LOOKS = 100 };
	uint64_t claim, since;
	bool open = false;
	long flags = -EBADF;

	for (int i = 0; i < LOOKS; i++) {
		since = window_now();
		open = find(window_memory, key, &claim);
		flags = sys(SYS_fcntl, fd, F_GETFL);
		/* A window that was closed before the look has set it again. */
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

	return find(window_memory, key, &claim) && stale(claim);
}

/* Take a free slot for the window. Null if there is none. */
static _Atomic uint64_t *take_free(struct window_memory *m, uint32_t key, uint64_t claim)
{
	for (int probe = 0; probe < PROBES; probe++) {
		_Atomic uint64_t *slot = slot_of(m, key, probe);
		uint64_t none = 0;

		if (atomic_compare_exchange_strong(slot, &none, claim))
			return slot;
	}
	return NULL;
}

/* The count and the history: what calls that have passed the slots already compare with. */
static void announce(struct window_memory *m, uint32_t key)
{
	uint64_t count = (atomic_fetch_add(&m->word, (1 << 16) + 1) >> 16) + 1;

	atomic_store(&m->history[count % WINDOW_HISTORY], count << 32 | key);
	/* All this comes before the flag is cleared. */
	atomic_thread_fence(memory_order_seq_cst);
}

/* What a process that was killed has left. It has been counted, and will be again. */
static bool take_over(struct window_memory *m, _Atomic uint64_t *slot, uint64_t there, uint64_t claim)
{
	if (!stale(there) || !atomic_compare_exchange_strong(slot, &there, claim))
		return false;
	atomic_fetch_sub(&m->word, 1);
	return true;
}

void window_open(struct window *w, uint32_t key)
{
	struct window_memory *m = window_memory;
	uint64_t there;

	*w = (struct window){ .memory = m, .claim = claim_of(key) };
	for (int round = 0;; round++) {
		_Atomic uint64_t *slot = find(m, key, &there);

		if (!slot)
			break;
		if (wait_round(slot, there, round))
			continue;
		if (take_over(m, slot, there, w->claim))
			w->slot = slot;
		break;
	}
	if (!w->slot)
		w->slot = take_free(m, key, w->claim);
	if (!w->slot)
		atomic_fetch_add(&m->hidden, 1);
	announce(m, key);
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
		atomic_fetch_sub(&w->memory->hidden, 1);
	/* Taken over by somebody who found it stale: no longer ours to count. */
	else if (!atomic_compare_exchange_strong(w->slot, &claim, 0))
		return;
	atomic_fetch_sub(&w->memory->word, 1);
}

uint32_t window_new_key(void)
{
	/* The upper half of the keys is for descriptions that go by their file (description.c). */
	return (atomic_fetch_add_explicit(&window_memory->keys, 1, memory_order_relaxed) + 1) &
	       INT32_MAX;
}
