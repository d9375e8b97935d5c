/* Overlapping writes of one process are serialized. See range.h. */
#include "range.h"

#include <limits.h>

#include "claims.h"
#include "process.h"

/* Returns whether a range that came earlier overlaps this one. */
static bool has_to_wait(const struct process *p, const struct range *r)
{
	for (uint32_t i = 0; i < p->range_top; i++) {
		const struct range *other = &p->range[i];

		if (other->order && (int32_t)(other->order - r->order) < 0 &&
		    other->file == r->file && other->start < r->end && r->start < other->end)
			return true;
	}
	return false;
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

/* Waits without the lock. A range that ends meanwhile changes the word that we wait on. */
static void wait_for_end(struct process *p)
{
	uint32_t freed = atomic_load(&p->range_freed);

	p->range_waiters++;
	process_unlock(&p->range_lock);
	process_wait(&p->range_freed, freed);
	process_lock(&p->range_lock);
	p->range_waiters--;
}

int range_take(uint32_t file, uint64_t start, uint64_t end)
{
	struct process *p = process();
	int place;

	if (!p || claims.nested)
		return RANGE_NONE;
	process_lock(&p->range_lock);
	while (place = free_place(p), place == RANGE_NONE)
		wait_for_end(p);
	p->range[place] = (struct range){ file, start, end, next_order(p) };
	while (has_to_wait(p, &p->range[place]))
		wait_for_end(p);
	process_unlock(&p->range_lock);
	claims.range = (int16_t)(place + 1);
	return place;
}

void range_end(int place)
{
	struct process *p = process();
	bool waiters;

	if (!p || place == RANGE_NONE)
		return;
	claims.range = 0;
	process_lock(&p->range_lock);
	p->range[place].order = 0;
	while (p->range_top && !p->range[p->range_top - 1].order)
		p->range_top--;
	waiters = p->range_waiters;
	atomic_fetch_add(&p->range_freed, 1);
	process_unlock(&p->range_lock);
	if (waiters)
		process_wake(&p->range_freed, INT_MAX);
}

bool range_others(void)
{
	const struct process *p = process();

	return p && atomic_load_explicit(&p->range_top, memory_order_relaxed) > 1;
}
