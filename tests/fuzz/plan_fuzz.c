/*
 * Fuzzes the planner (src/plan.c) with libFuzzer, and checks properties that hold for all numbers.
 * tests/fuzz/run builds and starts it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* An input, as raw bytes. Short inputs are padded with zeros. */
struct input {
	uint64_t pos;
	uint64_t addr;
	uint32_t len;
	uint32_t room;
	uint32_t got;
	uint8_t mem; /* exponents of the alignments; `block` is relative to `offset` */
	uint8_t offset;
	uint8_t block;
};

#define hold(condition) ((condition) ? (void)0 : broken(#condition, __LINE__))

static const struct input *current;

static void broken(const char *condition, int line)
{
	fprintf(stderr, "line %d: failed: %s\n", line, condition);
	fprintf(stderr, "  input: pos=%llu addr=%#llx len=%u room=%u mem=%u offset=%u block=%u\n",
		(unsigned long long)current->pos, (unsigned long long)current->addr, current->len,
		current->room, current->mem, current->offset, current->block);
	abort();
}

static uint64_t floor_to(uint64_t value, uint64_t align)
{
	return value / align * align;
}

/* Returns whether [from, to) contains a whole block. */
static bool holds_block(uint64_t from, uint64_t to, uint32_t block)
{
	return floor_to(from + block - 1, block) + block <= to;
}

static void check_write_step(const struct dio_align *g, struct step step, uint64_t pos, size_t left,
			     uint64_t addr)
{
	hold(step.len > 0 && step.len <= left);
	if (step.how == HOW_EDGE) {
		hold(plan_misaligned(g, pos, left, 0));
		hold(!holds_block(pos, pos + step.len, g->block));
		return;
	}
	hold(pos % g->offset == 0 && step.len % g->offset == 0);
	hold(step.how != HOW_DIRECT || (addr && addr % g->mem == 0));
}

/* Of two consecutive steps one is buffered and the other direct. They must not share a block. */
static void check_border(const struct dio_align *g, enum how before, enum how now, uint64_t pos)
{
	hold((before == HOW_EDGE) != (now == HOW_EDGE));
	hold(pos % g->block == 0);
}

static void check_write(const struct dio_align *g, uint64_t pos, size_t len, uint64_t addr)
{
	bool aligned = !plan_misaligned(g, pos, len, addr) && addr;
	size_t head, tail;
	size_t first = 0, last = 0;
	int steps = 0;
	enum how before = HOW_EDGE;

	plan_edges(g, pos, len, &head, &tail);
	while (len) {
		struct step step = plan_write(g, pos, len, addr);

		check_write_step(g, step, pos, len, addr);
		if (steps)
			check_border(g, before, step.how, pos);
		/* An aligned request must be passed through. */
		hold(!aligned || (step.how == HOW_DIRECT && step.len == len));
		last = step.how == HOW_EDGE ? step.len : 0;
		first = steps ? first : last;
		before = step.how;
		pos += step.len;
		len -= step.len;
		addr = addr ? addr + step.len : 0;
		hold(++steps <= 3);
	}
	/* One edge alone has no whole blocks beside it. */
	hold(steps == 1 || (head == first && tail == last));
}

static void check_read_plan(const struct dio_align *g, const struct read_plan *p, uint64_t pos,
			    size_t len, uint64_t addr, size_t room)
{
	uint64_t end = p->start + p->head + p->own + p->tail;

	hold(p->start % g->offset == 0);
	hold(p->start + p->skip == pos && p->skip < g->offset);
	hold(p->head % g->offset == 0 && p->own % g->offset == 0 && p->tail % g->offset == 0);
	hold(p->head + p->own + p->tail > 0);
	hold(p->head + p->tail <= room);
	/* The read is not longer than the blocks that hold the wanted bytes. */
	hold(end < pos + len + g->offset);
	if (!p->own)
		return;
	/* Only wanted bytes go directly into the caller's memory. */
	hold(addr && (addr + (p->start + p->head - pos)) % g->mem == 0);
	hold(p->start + p->head >= pos && p->start + p->head + p->own <= pos + len);
}

static void check_read(const struct dio_align *g, uint64_t pos, size_t len, uint64_t addr,
		       size_t room, size_t got)
{
	for (int steps = 0; len && steps < 8; steps++) {
		struct read_plan p = plan_read(g, pos, len, addr, room);
		size_t span = p.head + p.own + p.tail;
		size_t useful;

		check_read_plan(g, &p, pos, len, addr, room);
		useful = plan_read_useful(&p, span, len);
		hold(useful > 0 && useful <= len);
		hold(plan_read_useful(&p, 0, len) == 0);
		hold(plan_read_useful(&p, got % (span + 1), len) <= useful);
		/* A plan for a part ends where direct I/O can continue. */
		hold(useful == len || (pos + useful) % g->offset == 0);
		pos += useful;
		len -= useful;
		addr = addr ? addr + useful : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { 0 };
	struct dio_align g;
	size_t room;
	size_t len;

	memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
	current = &in;
	g.mem = 1u << in.mem % 17;
	g.offset = 1u << in.offset % 17;
	g.block = g.offset << in.block % 5;
	len = in.len % PLAN_MAX_RW(4096) + 1;
	in.pos %= (uint64_t)INT64_MAX - len - 2 * g.block;
	in.addr %= (uint64_t)1 << 47;
	room = (2 + in.room % 64) * (size_t)g.offset;
	check_write(&g, in.pos, len, in.addr);
	check_read(&g, in.pos, len, in.addr, room, in.got);
	return 0;
}
