/*
 * Bounce buffers. See bounce.h.
 *
 * Three kinds of slots. Large ones, 2 MiB, are one huge page each: direct I/O into a huge page is one
 * segment for the device instead of 512, which pays for the copy (doc/design.md). Small ones, 64 KiB,
 * share a huge page. But the kernel clears all 2 MiB of a huge page at its first touch, which a
 * program that bounces a few times should not wait for; so there are starters, small slots in
 * ordinary pages, and the first calls take those.
 *
 * No lock: a slot is a flag on a cache line of its own, and a thread tries first the one it had last.
 */
#include "bounce.h"

#include <stdint.h>

#include "claims.h"
#include "disable.h"
#include "madvise.h"
#include "process.h"
#include "settings.h"
#include "sys.h"

enum {
	STARTERS = 4,
	SMALL_SLOTS = BOUNCE_LARGE / BOUNCE_SMALL,
	WARM = 64, /* calls for which the starters do */
};

/* Which slots there are: starters from 0 on, then small ones, then large ones. */
struct layout {
	int small; /* the first small slot, and so on */
	int large;
	int end;
};

static size_t bounce_max = BOUNCE_MAX_DEFAULT;

/* The slot that the thread had last. initial-exec: the general model may allocate on first access. */
static __thread uint8_t last_slot __attribute__((tls_model("initial-exec")));

void bounce_set_max(size_t bytes)
{
	bounce_max = bytes;
}

static struct layout layout(void)
{
	int units = bounce_max / BOUNCE_LARGE;
	int starters = STARTERS;

	if (units >= 2)
		return (struct layout){ starters, starters + SMALL_SLOTS,
					starters + SMALL_SLOTS + units - 2 };
	/* No room for a huge page of small slots: all are starters. */
	starters = bounce_max / BOUNCE_SMALL;
	if (starters > SMALL_SLOTS)
		starters = SMALL_SLOTS;
	return (struct layout){ starters, starters, starters };
}

static size_t slot_size(const struct layout *l, int slot)
{
	return slot < l->large ? BOUNCE_SMALL : BOUNCE_LARGE;
}

/* The starters have the first huge page's place, the small slots the second, each large one its own. */
static size_t slot_start(const struct layout *l, int slot)
{
	if (slot < l->small)
		return (size_t)slot * BOUNCE_SMALL;
	if (slot < l->large)
		return BOUNCE_LARGE + (size_t)(slot - l->small) * BOUNCE_SMALL;
	return (size_t)(slot - l->large + 2) * BOUNCE_LARGE;
}

static size_t region_size(const struct layout *l)
{
	return slot_start(l, l->end - 1) + slot_size(l, l->end - 1);
}

/* Map `size` bytes from a multiple of a huge page on. 0 if there is no such memory. */
static uintptr_t map_aligned(size_t size)
{
	size_t whole = size + BOUNCE_LARGE;
	long addr = sys(SYS_mmap, NULL, whole, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
	uintptr_t start;

	if (addr < 0)
		return 0;
	start = ((uintptr_t)addr + BOUNCE_LARGE - 1) & ~((uintptr_t)BOUNCE_LARGE - 1);
	if (start > (uintptr_t)addr)
		sys(SYS_munmap, addr, start - (uintptr_t)addr);
	sys(SYS_munmap, start + size, (uintptr_t)addr + whole - (start + size));
	return start;
}

/* Told not to have huge pages, they must not come of the system's own accord either (THP "always"). */
static void choose_pages(uintptr_t start, size_t size)
{
	if (disabled & DISABLE_HUGEPAGES)
		sys(SYS_madvise, start, size, MADV_NOHUGEPAGE);
	else if (size > BOUNCE_LARGE)
		sys(SYS_madvise, start + BOUNCE_LARGE, size - BOUNCE_LARGE, MADV_HUGEPAGE);
}

static uintptr_t map_region(struct process *p, const struct layout *l)
{
	size_t size = region_size(l);
	uintptr_t start = map_aligned(size);
	uintptr_t none = 0;

	if (!start)
		return 0;
	/*
	 * Not in a child: a fork while a device writes into these pages would otherwise leave one of
	 * the two processes with a stale copy (open(2), O_DIRECT, "Notes").
	 */
	if (!sys(SYS_madvise, start, size, MADV_DONTFORK)) {
		choose_pages(start, size);
		if (atomic_compare_exchange_strong(&p->bounce_region, &none, start))
			return start;
	}
	sys(SYS_munmap, start, size);
	return none;
}

static bool try_slot(struct process *p, int slot)
{
	_Atomic uint32_t *busy = &p->bounce_busy[slot].word;

	return !atomic_load_explicit(busy, memory_order_relaxed) &&
	       !atomic_exchange(busy, 1);
}

/* A free slot from `first` to `last`, from the one used last on; -1 if there is none. */
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

/* Has the process bounced often enough for huge pages? Counted no longer than needed to know. */
static bool warm(struct process *p)
{
	if (atomic_load_explicit(&p->bounce_calls, memory_order_relaxed) >= WARM)
		return true;
	atomic_fetch_add_explicit(&p->bounce_calls, 1, memory_order_relaxed);
	return false;
}

/* The kinds in the order in which they suit; -1 if all are taken. */
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

/* All are in use: sleep until one is put back. Who puts one back sees the waiter, or we see the slot. */
static int wait_for_slot(struct process *p, const struct layout *l, size_t want)
{
	int slot;

	atomic_fetch_add(&p->bounce_waiters, 1);
	for (;;) {
		uint32_t freed = atomic_load(&p->bounce_freed);

		slot = find_slot_for(p, l, want);
		if (slot >= 0)
			break;
		process_wait(&p->bounce_freed, freed);
	}
	atomic_fetch_sub(&p->bounce_waiters, 1);
	return slot;
}

bool bounce_get(struct bounce *b, size_t want)
{
	const struct layout l = layout();
	struct process *p = process();
	uintptr_t region;
	int slot;

	if (!p)
		return false;
	region = atomic_load(&p->bounce_region);
	if (!region)
		region = map_region(p, &l);
	if (!region)
		return false;
	slot = find_slot_for(p, &l, want);
	if (slot < 0)
		slot = wait_for_slot(p, &l, want);
	last_slot = slot;
	claims.bounce = (uint8_t)(slot + 1);
	*b = (struct bounce){ (char *)region + slot_start(&l, slot), slot_size(&l, slot), slot };
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
