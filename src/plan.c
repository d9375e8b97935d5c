/* What must be copied, and what must go through the page cache. See plan.h. */
#include "plan.h"

static uint64_t floor_to(uint64_t value, uint32_t align)
{
	return value & ~(uint64_t)(align - 1);
}

static uint64_t ceil_to(uint64_t value, uint32_t align)
{
	return floor_to(value + align - 1, align);
}

static size_t min_size(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool plan_misaligned(const struct dio_align *g, uint64_t pos, size_t len, uintptr_t addr)
{
	return ((pos | len) & (g->offset - 1)) || (addr & (g->mem - 1));
}

struct step plan_write(const struct dio_align *g, uint64_t pos, size_t len, uintptr_t addr)
{
	uint64_t end = pos + len;
	uint64_t direct_end = end & (g->offset - 1) ? floor_to(end, g->block) : end;

	/*
	 * An edge ends where the block does, not at the next multiple of g->offset: between the two
	 * a direct write would work on the very page that the edge left in the cache. Two edges
	 * that meet are one.
	 */
	if (pos & (g->offset - 1)) {
		uint64_t block_end = floor_to(pos, g->block) + g->block;

		return (struct step){ HOW_EDGE, direct_end > block_end ? block_end - pos : len };
	}
	if (direct_end <= pos)
		return (struct step){ HOW_EDGE, len };
	if (!addr || (addr & (g->mem - 1)))
		return (struct step){ HOW_BOUNCE, direct_end - pos };
	return (struct step){ HOW_DIRECT, direct_end - pos };
}

void plan_edges(const struct dio_align *g, uint64_t pos, size_t len, size_t *head, size_t *tail)
{
	struct step first = plan_write(g, pos, len, 0);
	size_t whole;

	*head = *tail = 0;
	/* No whole blocks. */
	if (first.how == HOW_EDGE && first.len == len)
		return;
	*head = first.how == HOW_EDGE ? first.len : 0;
	whole = plan_write(g, pos + *head, len - *head, 0).len;
	*tail = len - *head - whole;
}

/*
 * Plans the edges of an enclosing read and, between them, the whole units that go straight into the
 * caller's memory. One system call with an iovec reads them all.
 */
static bool plan_read_around(const struct dio_align *g, uint64_t pos, size_t len, uintptr_t addr,
			     struct read_plan *p)
{
	uint64_t end = pos + len;
	uint64_t own_start = ceil_to(pos, g->offset);
	uint64_t own_end = floor_to(end, g->offset);

	if (!addr || own_end <= own_start || ((addr + (own_start - pos)) & (g->mem - 1)))
		return false;
	p->own = own_end - own_start;
	p->head = own_start - p->start;
	p->tail = ceil_to(end, g->offset) - own_end;
	return true;
}

struct read_plan plan_read(const struct dio_align *g, uint64_t pos, size_t len, uintptr_t addr,
			   size_t room)
{
	struct read_plan p = { .start = floor_to(pos, g->offset) };

	p.skip = pos - p.start;
	if (plan_read_around(g, pos, len, addr, &p))
		return p;
	p.head = min_size(ceil_to(pos + len, g->offset) - p.start, room);
	return p;
}

size_t plan_read_useful(const struct read_plan *p, size_t got, size_t len)
{
	return got <= p->skip ? 0 : min_size(got - p->skip, len);
}
