/*
 * Bounce buffers. See bounce.h.
 *
 * There are three kinds of slots. A large one, 2 MiB, is one huge page: direct I/O into a huge page
 * is one segment for the device instead of 512, which pays for the copy (doc/design.md). Small
 * ones, 64 KiB, share huge pages. But the kernel clears all 2 MiB of a huge page on first touch,
 * which a program that bounces only a few times should not wait for. So there are starters, small
 * slots in ordinary pages, and the first calls take those.
 *
 * No lock: a slot is a flag on a cache line of its own, and a thread first tries the one it had
 * last.
 */
#include "bounce.h"

#include <stdint.h>

#include "claims.h"
#include "disable.h"
#include "madvise.h"
#include "process.h"
#include "settings.h"
#include "sys64.h"
#include "usermem.h"

enum {
	STARTERS = 4,
	SMALL_IN_PAGE = BOUNCE_LARGE / BOUNCE_SMALL,
	SMALL_PAGES = 2,   /* huge pages of small slots, */
	FOR_ALL_PAGES = 8, /* if there is room for as many huge pages as this; otherwise one */
	WARM = 64,	   /* calls that prefer the starters */
};

/* Which slots exist: starters from 0 on, then small ones, then large ones. */
struct layout {
	int small; /* index of the first small slot, and so on */
	int large;
	int end;
};

static size_t bounce_max = BOUNCE_MAX_DEFAULT;

/* The slot that the thread had last. initial-exec: other models may allocate on first access. */
static __thread uint8_t last_slot __attribute__((tls_model("initial-exec")));

void bounce_set_max(size_t bytes)
{
	bounce_max = bytes;
}

static struct layout layout(void)
{
	int units = bounce_max / BOUNCE_LARGE;
	int pages = units < FOR_ALL_PAGES ? 1 : SMALL_PAGES;
	int large = STARTERS + pages * SMALL_IN_PAGE;
	int starters;

	if (units >= 2)
		return (struct layout){ STARTERS, large, large + units - 1 - pages };
	/* No room for a huge page of small slots: all slots are starters. */
	starters = bounce_max / BOUNCE_SMALL;
	if (starters > SMALL_IN_PAGE)
		starters = SMALL_IN_PAGE;
	return (struct layout){ starters, starters, starters };
}

static size_t slot_size(const struct layout *l, int slot)
{
	return slot < l->large ? BOUNCE_SMALL : BOUNCE_LARGE;
}

/*
 * The starters are in place of the first huge page, the small slots in those that follow, each large one
 * in its own.
 */
static size_t slot_start(const struct layout *l, int slot)
{
	/* All small slots, which fill whole huge pages. */
	size_t small = (size_t)(l->large - l->small) * BOUNCE_SMALL;

	if (slot < l->small)
		return (size_t)slot * BOUNCE_SMALL;
	if (slot < l->large)
		return BOUNCE_LARGE + (size_t)(slot - l->small) * BOUNCE_SMALL;
	return BOUNCE_LARGE + small + (size_t)(slot - l->large) * BOUNCE_LARGE;
}

static size_t region_size(const struct layout *l)
{
	return slot_start(l, l->end - 1) + slot_size(l, l->end - 1);
}

/*
 * Maps `size` bytes, starting at a multiple of a huge page. Returns 0 if there is no such memory.
 * `sharing`: MAP_PRIVATE or MAP_SHARED.
 */
static uintptr_t map_aligned(size_t size, int sharing)
{
	size_t whole = size + BOUNCE_LARGE;
	long addr = sys_mmap(whole, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE,
			     -1);
	uintptr_t start;

	if (sys_failed(addr))
		return 0;
	start = ((uintptr_t)addr + BOUNCE_LARGE - 1) & ~((uintptr_t)BOUNCE_LARGE - 1);
	if (start > (uintptr_t)addr)
		sys(SYS_munmap, addr, start - (uintptr_t)addr);
	sys(SYS_munmap, start + size, (uintptr_t)addr + whole - (start + size));
	return start;
}

/* With huge pages disabled, opts out of THP "always" too. */
static void choose_pages(uintptr_t start, size_t size)
{
	if (disabled & DISABLE_HUGEPAGES)
		sys(SYS_madvise, start, size, MADV_NOHUGEPAGE);
	else if (size > BOUNCE_LARGE)
		sys(SYS_madvise, start + BOUNCE_LARGE, size - BOUNCE_LARGE, MADV_HUGEPAGE);
}

/*
 * Not in a child: after a fork while a device writes into these pages, one of the two processes would have a
 * stale copy (open(2), O_DIRECT, "Notes"). Where the kernel refuses that, memory that is never copied, because
 * it is shared. It is slower, and remains mapped in the child, which does not use it.
 */
static uintptr_t map_uncopied(size_t size)
{
	uintptr_t start = map_aligned(size, MAP_PRIVATE);

	if (!start || (!sys(SYS_madvise, start, size, MADV_DONTFORK) && usermem_advice_is_taken()))
		return start;
	sys(SYS_munmap, start, size);
	return map_aligned(size, MAP_SHARED);
}

static uintptr_t map_region(struct process *p, const struct layout *l)
{
	size_t size = region_size(l);
	uintptr_t start = map_uncopied(size);
	uintptr_t none = 0;

	if (!start)
		return 0;
	choose_pages(start, size);
	if (atomic_compare_exchange_strong(&p->bounce_region, &none, start))
		return start;
	sys(SYS_munmap, start, size);
	return none;
}

static bool try_slot(struct process *p, int slot)
{
	_Atomic uint32_t *busy = &p->bounce_busy[slot].word;

	return !atomic_load_explicit(busy, memory_order_relaxed) && !atomic_exchange(busy, 1);
}

/*
 * Returns a free slot of `first` to `last` - 1, beginning with the one used last; -1 if there is
 * none.
 */
static int find_slot(struct process *p, int first, int last)
{
	int count = last - first;
	int at = last_slot >= first && last_slot < last ? last_slot - first : 0;

	for (int i = 0; i < count; i++) {
		int slot = first + (at + i) % count;

		if (try_slot(p, slot))
			return slot;
	}
	return -1;
}

/* Returns whether the process has bounced often enough for huge pages. Stops counting then. */
static bool warm(struct process *p)
{
	if (atomic_load_explicit(&p->bounce_calls, memory_order_relaxed) >= WARM)
		return true;
	atomic_fetch_add_explicit(&p->bounce_calls, 1, memory_order_relaxed);
	return false;
}

/* Tries the kinds of slots in the order in which they suit. Returns -1 if all are taken. */
static int find_slot_for(struct process *p, const struct layout *l, size_t want)
{
	bool small = want <= BOUNCE_SMALL;
	int slot = -1;

	if (small && !warm(p))
		slot = find_slot(p, 0, l->small);
	if (slot < 0 && !small)
		slot = find_slot(p, l->large, l->end);
	if (slot < 0)
		slot = find_slot(p, l->small, l->large);
	if (slot < 0)
		slot = find_slot(p, 0, l->small);
	if (slot < 0 && small)
		slot = find_slot(p, l->large, l->end);
	return slot;
}

/*
 * Sleeps until a slot is free. Who finds others waiting sleeps first, and is woken after them: the
 * kernel wakes in order of arrival. A slot that is free meanwhile is for one of those, and when that one
 * releases it, the next is woken. `freed` is loaded before we are counted: whoever is counted then
 * releases a slot after that, so we do not sleep through the last release.
 */
static int wait_for_slot(struct process *p, const struct layout *l, size_t want)
{
	uint32_t freed = atomic_load(&p->bounce_freed);
	bool last = atomic_fetch_add(&p->bounce_waiters, 1);
	int slot = -1;

	for (;;) {
		if (!last)
			slot = find_slot_for(p, l, want);
		if (slot >= 0)
			break;
		process_wait(&p->bounce_freed, freed);
		last = false;
		freed = atomic_load(&p->bounce_freed);
	}
	atomic_fetch_sub(&p->bounce_waiters, 1);
	return slot;
}

/* Returns where the memory is; 0 if there is none. */
static uintptr_t find_region(struct process *p, const struct layout *l)
{
	uintptr_t region = p ? atomic_load(&p->bounce_region) : 0;

	return region || !p ? region : map_region(p, l);
}

static struct bounce slot_memory(uintptr_t region, const struct layout *l, int slot)
{
	return (struct bounce){ (char *)region + slot_start(l, slot), slot_size(l, slot), slot };
}

bool bounce_keep(struct bounce *b, int kept)
{
	const struct layout l = layout();
	struct process *p = process();
	uintptr_t region = find_region(p, &l);
	int slot;

	if (!region || kept >= (l.end - l.large) * 2 / 5 || atomic_load(&p->bounce_waiters))
		return false;
	slot = find_slot(p, l.large, l.end);
	if (slot < 0)
		return false;
	*b = slot_memory(region, &l, slot);
	return true;
}

bool bounce_get(struct bounce *b, size_t want)
{
	const struct layout l = layout();
	struct process *p = process();
	uintptr_t region = find_region(p, &l);
	int slot = -1;

	if (!region)
		return false;
	/* Not before those who wait already. */
	if (!atomic_load(&p->bounce_waiters) || claims.nested)
		slot = find_slot_for(p, &l, want);
	/* The thread itself may hold the last one, in the call that a fault handler is in. */
	if (slot < 0 && claims.nested)
		return false;
	if (slot < 0)
		slot = wait_for_slot(p, &l, want);
	last_slot = slot;
	claims.bounce = (uint8_t)(slot + 1);
	*b = slot_memory(region, &l, slot);
	return true;
}

void bounce_put(struct bounce *b)
{
	struct process *p = process();

	if (!b->size)
		return;
	b->size = 0;
	claims.bounce = 0;
	atomic_store(&p->bounce_busy[b->slot].word, 0);
	if (atomic_load(&p->bounce_waiters)) {
		atomic_fetch_add(&p->bounce_freed, 1);
		process_wake(&p->bounce_freed, 1);
	}
}
