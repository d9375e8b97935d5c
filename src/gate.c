/* Direct and buffered calls on one description take turns. See gate.h. */
#include "gate.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "claims.h"
#include "description.h"
#include "process.h"
#include "sys.h"

enum { DIRECT, BUFFERED };

enum {
	YIELDS = 20,
	/*
	 * At most this many buffered calls share a window, so that other processes get a moment
	 * between two.
	 */
	SHARE = 64,
};

/* State of the window while buffered calls are inside. */
enum { SHUT, OPENING, OPEN, CLOSING };

static struct gate_bucket *bucket_for(uint32_t key)
{
	struct process *p = process();

	return p ? &p->gates[key * UINT32_C(0x9e3779b1) >> 27] : NULL;
}

/* Returns the bucket that contains the gate. */
static struct gate_bucket *bucket_of(const struct gate *g)
{
	struct process *p = process();

	return &p->gates[((uintptr_t)g - (uintptr_t)p->gates) / sizeof(p->gates[0])];
}

static void lock(struct gate *g)
{
	process_lock(&bucket_of(g)->lock);
}

static void unlock(struct gate *g)
{
	process_unlock(&bucket_of(g)->lock);
}

/* Returns the gate of the key, or otherwise an unused one, which can be given to it. */
static struct gate *find_gate(struct gate_bucket *b, uint32_t key)
{
	struct gate *unused = NULL;

	for (int i = 0; i < GATES; i++) {
		struct gate *g = &b->gate[i];

		if (g->users && g->key == key)
			return g;
		if (!g->users)
			unused = g;
	}
	return unused;
}

/* Returns the gate with its bucket locked; null, with nothing locked, if there is none. */
static struct gate *get_locked(uint32_t key)
{
	struct gate_bucket *b = key ? bucket_for(key) : NULL;
	struct gate *g;

	if (!b)
		return NULL;
	process_lock(&b->lock);
	g = find_gate(b, key);
	if (!g) {
		process_unlock(&b->lock);
		return NULL;
	}
	if (!g->users++)
		g->key = key;
	return g;
}

struct gate *gate_get(uint32_t key)
{
	struct gate *g = get_locked(key);

	if (g)
		unlock(g);
	return g;
}

void gate_put(struct gate *g)
{
	if (!g)
		return;
	lock(g);
	g->users--;
	unlock(g);
}

static uintptr_t this_thread(void)
{
	return (uintptr_t)&claims;
}

/* The bucket is locked. */
static void wake_owner(struct gate *g)
{
	if (!g->owner_waits)
		return;
	g->owner_waits = false;
	atomic_fetch_add(&g->left, 1);
	process_wake(&g->left, INT_MAX);
}

/*
 * Lets in all waiting calls of one kind. The bucket is locked. Returns whether there are any: the
 * caller has to wake them.
 */
static bool admit(struct gate *g, int kind)
{
	if (!g->waiting[kind])
		return false;
	g->kind = kind;
	g->inside = g->waiting[kind];
	g->waiting[kind] = 0;
	atomic_fetch_add(&g->phase[kind], 1);
	return true;
}

/*
 * Waits for the next phase of our kind. The bucket is locked on entry and on return, but not in
 * between.
 */
static void wait_for_phase(struct gate *g, int kind)
{
	uint32_t now = atomic_load(&g->phase[kind]);

	g->waiting[kind]++;
	unlock(g);
	while (atomic_load(&g->phase[kind]) == now)
		process_wait(&g->phase[kind], now);
	lock(g);
}

/*
 * Yields, because what we wait for takes another thread only two system calls, less than a sleep.
 * The bucket is locked on entry and on return.
 */
static void let_others_run(struct gate *g)
{
	unlock(g);
	sys(SYS_sched_yield);
	lock(g);
}

static bool may_join(const struct gate *g, int kind)
{
	if (!g->inside)
		return true;
	return g->kind == kind && !g->waiting[!kind] && g->window_state != CLOSING &&
	       (kind == DIRECT || g->joined < SHARE);
}

/* The bucket is locked. */
static void enter(struct gate *g, int kind)
{
	for (int i = 0; i < YIELDS && g->window_state == CLOSING; i++)
		let_others_run(g);
	if (may_join(g, kind)) {
		g->kind = kind;
		g->inside++;
	} else {
		/* The call that lets us in counts us. */
		wait_for_phase(g, kind);
	}
}

/* The last call to leave lets others in. The bucket is locked on entry, and not on return. */
static void leave(struct gate *g, int kind)
{
	int next = !kind;
	bool any = false;

	g->users--;
	if (!--g->inside) {
		any = admit(g, next);
		if (!any) {
			next = kind;
			any = admit(g, next);
		}
	}
	unlock(g);
	if (any)
		process_wake(&g->phase[next], INT_MAX);
}

struct gate *gate_enter_direct(uint32_t key)
{
	struct gate *g = description_is_certain(key) ? get_locked(key) : NULL;

	if (!g)
		return NULL;
	enter(g, DIRECT);
	unlock(g);
	return g;
}

void gate_leave_direct(struct gate *g)
{
	if (!g)
		return;
	lock(g);
	leave(g, DIRECT);
}

/*
 * Waits until the window is open. The bucket is locked on entry and on return, but not in between.
 */
static void wait_for_window(struct gate *g)
{
	uint32_t now = atomic_load(&g->opened);

	g->wait_for_window++;
	while (g->window_state == OPENING) {
		unlock(g);
		process_wait(&g->opened, now);
		lock(g);
	}
	g->wait_for_window--;
}

/* Opens the window. The bucket is locked on entry and on return, but not in between. */
static void open_window(struct gate *g, int fd)
{
	bool cleared = false;

	g->window_state = OPENING;
	g->joined = 0;
	unlock(g);
	window_open(&g->window, g->key);
	window_clear_direct(fd, &cleared);
	lock(g);
	g->window_state = OPEN;
	if (cleared || g->window.taken_over)
		g->owner = this_thread();
	atomic_fetch_add(&g->opened, 1);
	if (g->wait_for_window)
		process_wake(&g->opened, INT_MAX);
}

struct gate *gate_enter_buffered(uint32_t key, int fd)
{
	struct gate *g = description_is_certain(key) ? get_locked(key) : NULL;

	if (!g)
		return NULL;
	enter(g, BUFFERED);
	for (int i = 0; i < YIELDS && g->window_state == OPENING; i++)
		let_others_run(g);
	/* Another process may have assumed that we are dead. */
	if (g->window_state == OPEN && !window_refresh(&g->window))
		g->window_state = SHUT;
	if (g->window_state == SHUT)
		open_window(g, fd);
	else
		wait_for_window(g);
	g->joined++;
	unlock(g);
	return g;
}

void gate_cleared(struct gate *g)
{
	lock(g);
	g->owner = this_thread();
	wake_owner(g);
	unlock(g);
}

/*
 * Waits while this thread has to set O_DIRECT again and others are inside. The bucket is locked on
 * entry and on return, but not in between.
 */
static void wait_to_be_last(struct gate *g)
{
	uint32_t now;

	while (now = atomic_load(&g->left), g->owner == this_thread() && g->inside > 1) {
		g->owner_waits = true;
		unlock(g);
		process_wait(&g->left, now);
		lock(g);
	}
}

void gate_leave_buffered(struct gate *g, int fd)
{
	lock(g);
	wait_to_be_last(g);
	if (g->inside == 1) {
		g->window_state = CLOSING;
		unlock(g);
		if (g->owner)
			window_set_direct(fd);
		window_close(&g->window);
		lock(g);
		g->window_state = SHUT;
		g->joined = 0;
		g->owner = 0;
	} else if (g->inside == 2) {
		wake_owner(g);
	}
	leave(g, BUFFERED);
}
