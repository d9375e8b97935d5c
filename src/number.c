/* A call keeps the file that it began with. See number.h. */
#include "number.h"

#include <limits.h>
#include <stddef.h>

#include "claims.h"
#include "description.h"
#include "process.h"

enum {
	ENDING = 1 << 30,     /* the number's end is announced: nobody enters */
	FORGETTING = 1 << 29, /* it is being forgotten: whoever has been given the number waits */
	WAITERS = 1 << 28,    /* somebody sleeps until this word changes */
	OWNER_SHIFT = 16,
	OWNER_MASK = 0xfff << OWNER_SHIFT, /* which thread has announced the end */
	COUNT = 0xffff,			   /* calls in progress */
	PATIENCE_S = 30,
};

static _Atomic uint32_t *state_of(int fd)
{
	struct process *p = process();

	return p && (unsigned)fd < HINT_FDS ? &p->number[fd] : NULL;
}

bool number_busy(int fd)
{
	struct process *p = process_if_any();

	return p && (unsigned)fd < HINT_FDS &&
	       atomic_load_explicit(&p->number[fd], memory_order_relaxed);
}

/* Sleeps while the word is `was`. Returns false if that lasts too long. */
static bool sleep_while(_Atomic uint32_t *state, uint32_t was)
{
	if (!(was & WAITERS) && !atomic_compare_exchange_strong(state, &was, was | WAITERS))
		return true;
	return process_wait_bounded(state, was | WAITERS, PATIENCE_S);
}

static void wake(_Atomic uint32_t *state, uint32_t was)
{
	if (was & WAITERS)
		process_wake(state, INT_MAX);
}

/* Tells threads apart by the address of thread-local data, without a system call. */
static uint32_t this_thread(void)
{
	uint32_t hash = (uint32_t)((uintptr_t)&claims >> 6) * UINT32_C(0x9e3779b1);

	return hash >> 20 << OWNER_SHIFT & OWNER_MASK;
}

void number_enter(int fd)
{
	_Atomic uint32_t *state = state_of(fd);
	uint32_t was;

	if (!state)
		return;
	hint_reach(fd);
	was = atomic_load_explicit(state, memory_order_relaxed);
	for (;;) {
		/* The mark of a process that was killed (vfork) is dropped after the timeout. */
		if ((was & ENDING) && sleep_while(state, was))
			was = atomic_load(state);
		else if (atomic_compare_exchange_weak(state, &was, (was & COUNT) + 1))
			break;
	}
	claims.number = fd + 1;
}

void number_leave(int fd)
{
	_Atomic uint32_t *state = state_of(fd);

	claims.number = 0;
	if (state)
		wake(state, atomic_fetch_sub(state, 1));
}

/* Marks one number, after waiting for an end that somebody else has announced. */
static void mark_ending(_Atomic uint32_t *state, uint32_t owner)
{
	uint32_t was = atomic_load(state);

	for (;;) {
		if ((was & ENDING) && sleep_while(state, was))
			was = atomic_load(state);
		else if (atomic_compare_exchange_weak(state, &was, (was & COUNT) | owner | ENDING))
			return;
	}
}

static void wait_for_calls(_Atomic uint32_t *state)
{
	uint32_t now;

	while (now = atomic_load(state), (now & ENDING) && (now & COUNT))
		if (!sleep_while(state, now))
			return;
}

static bool concerned(const struct number_ending *e, unsigned fd)
{
	return number_watched((int)fd) && (!e->key || description_key((int)fd) == e->key);
}

/* Keeps calls out of all these numbers, and blocks signals. */
static void keep_out(struct number_ending *e)
{
	uint32_t top = atomic_load(&hint_top);

	if (e->last > top)
		e->last = top;
	sigmask_hold(&e->signals);
	/* In a child of vfork(2) these numbers are other descriptors. */
	e->marked = process_is_own();
	if (!e->marked)
		return;
	e->owner = this_thread();
	for (unsigned fd = e->first; fd <= e->last; fd++) {
		_Atomic uint32_t *state = concerned(e, fd) ? state_of((int)fd) : NULL;

		if (!state)
			continue;
		mark_ending(state, e->owner);
		wait_for_calls(state);
	}
}

void number_end_begin(struct number_ending *e, unsigned first, unsigned last)
{
	*e = (struct number_ending){ .first = first, .last = last };
	keep_out(e);
}

void number_pause_begin(struct number_ending *e, uint32_t key)
{
	*e = (struct number_ending){ .last = UINT32_MAX, .key = key };
	keep_out(e);
}

static void clear_mark(_Atomic uint32_t *state)
{
	wake(state, atomic_fetch_and(state, COUNT));
}

/*
 * Forgets what the number referred to, unless it has been given out again by now: whoever was given
 * it takes the mark over.
 */
static void forget_number(const struct number_ending *e, int fd, _Atomic uint32_t *state)
{
	uint32_t now = atomic_load(state);

	while ((now & ENDING) && (now & OWNER_MASK) == e->owner)
		if (atomic_compare_exchange_weak(state, &now, now | FORGETTING)) {
			description_forget(fd);
			return;
		}
}

void number_end_finish(struct number_ending *e, bool closed)
{
	for (unsigned fd = e->first; e->marked && fd <= e->last; fd++) {
		_Atomic uint32_t *state = number_busy((int)fd) ? state_of((int)fd) : NULL;
		uint32_t now = state ? atomic_load(state) : 0;

		if (!(now & ENDING) || (now & OWNER_MASK) != e->owner)
			continue;
		if (closed)
			forget_number(e, (int)fd, state);
		now = atomic_load(state);
		if ((now & ENDING) && (now & OWNER_MASK) == e->owner)
			clear_mark(state);
	}
	sigmask_release(&e->signals);
}

bool number_take_over(int fd, struct number_ending *e)
{
	_Atomic uint32_t *state = number_busy(fd) ? state_of(fd) : NULL;
	uint32_t now = state ? atomic_load(state) : 0;

	if (!(now & ENDING))
		return false;
	*e = (struct number_ending){ .first = (unsigned)fd, .last = (unsigned)fd, .marked = true };
	e->owner = this_thread();
	sigmask_hold(&e->signals);
	while (now & ENDING) {
		if (now & FORGETTING)
			sys(SYS_sched_yield);
		else if (atomic_compare_exchange_weak(state, &now, (now & ~OWNER_MASK) | e->owner))
			return true;
		now = atomic_load(state);
	}
	sigmask_release(&e->signals);
	return false;
}
