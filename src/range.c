/* Overlapping writes of one process are serialized. See range.h. */
#include "range.h"

#include <limits.h>

#include "claims.h"
#include "process.h"

/* Returns a range that came earlier and overlaps this one; null if there is none. */
static struct range *in_the_way(struct process *p, const struct range *r)
{
	for (uint32_t i = 0; i < p->range_top; i++) {
		struct range *other = &p->range[i];

		if (other->order && (int32_t)(other->order - r->order) < 0 &&
		    other->file == r->file && other->start < r->end && r->start < other->end)
			return other;
	}
	return NULL;
}

static int free_place(struct process *p)
{
	for (uint32_t i = 0; i < RANGES; i++)
		if (!p->range[i].order) {
			if (i >= p->range_top)
				p->range_top = i + 1;
			return (int)i;
		}
	return RANGE_NONE;
}

/* 0 means a free place. */
static uint32_t next_order(struct process *p)
{
	if (!++p->range_order)
		p->range_order = 1;
	return p->range_order;
}

/* Waits without the lock. Whoever ends what is waited for changes `word`, clears `awaited` and wakes all. */
static void wait_for_change(struct process *p, _Atomic uint32_t *word, bool *awaited)
{
	uint32_t value = atomic_load(word);

	*awaited = true;
	process_unlock(&p->range_lock);
	process_wait(word, value);
	process_lock(&p->range_lock);
}

/* Returns whether somebody has to be woken, without the lock. */
static bool change(_Atomic uint32_t *word, bool *awaited)
{
	bool any = *awaited;

	*awaited = false;
	if (any)
		atomic_fetch_add(word, 1);
	return any;
}

int range_take(uint32_t file, uint64_t start, uint64_t end)
{
	struct process *p = process();
	struct range *r, *other;
	int place;

	if (!p || claims.nested)
		return RANGE_NONE;
	process_lock(&p->range_lock);
	while (place = free_place(p), place == RANGE_NONE)
		wait_for_change(p, &p->range_freed, &p->range_awaited);
	r = &p->range[place];
	r->file = file;
	r->start = start;
	r->end = end;
	r->order = next_order(p);
	/* Only for those that overlap, so that the end of another range wakes nobody in vain. */
	while (other = in_the_way(p, r), other)
		wait_for_change(p, &other->ended, &other->awaited);
	process_unlock(&p->range_lock);
	claims.range = (int16_t)(place + 1);
	return place;
}

void range_end(int place)
{
	struct process *p = process();
	struct range *r;
	bool for_it, for_place;

	if (!p || place == RANGE_NONE)
		return;
	claims.range = 0;
	r = &p->range[place];
	process_lock(&p->range_lock);
	r->order = 0;
	while (p->range_top && !p->range[p->range_top - 1].order)
		p->range_top--;
	for_it = change(&r->ended, &r->awaited);
	for_place = change(&p->range_freed, &p->range_awaited);
	process_unlock(&p->range_lock);
	if (for_it)
		process_wake(&r->ended, INT_MAX);
	if (for_place)
		process_wake(&p->range_freed, INT_MAX);
}

bool range_others(void)
{
	const struct process *p = process();

	return p && atomic_load_explicit(&p->range_top, memory_order_relaxed) > 1;
}
