/*
 * The properties that src/plan.h promises, for all requests of a small geometry and random ones of
 * others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan.h"

#define LAST_BYTE ((uint64_t)INT64_MAX) /* of the largest possible file */

static const struct dio_align alignments[] = {
	{ 1, 1, 4096 },	   { 1, 512, 512 },	 { 1, 512, 4096 },	{ 4, 512, 512 },
	{ 4, 512, 4096 },  { 4, 512, 65536 },	 { 4, 4096, 4096 },	{ 512, 1, 4096 },
	{ 512, 512, 512 }, { 512, 512, 4096 },	 { 512, 512, 16384 },	{ 512, 4096, 4096 },
	{ 1, 4096, 4096 }, { 512, 4096, 65536 }, { 4096, 4096, 65536 }, { 4, 65536, 65536 },
};

struct request {
	struct dio_align g;
	uint64_t pos;
	size_t len;
	uintptr_t addr;
	size_t room;
};

typedef void property(const struct request *r);

static uint64_t random_state;

static uint64_t random_word(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static uint64_t below(uint64_t bound)
{
	return bound ? random_word() % bound : 0;
}

/* Returns a value up to `bound` that is often a multiple of an alignment, or one off. */
static uint64_t random_size(uint64_t bound)
{
	static const uint64_t units[] = { 1, 512, 4096, 65536 };
	uint64_t unit = units[below(4)];
	uint64_t value = below(bound / unit + 1) * unit + below(3) - 1;

	return value <= bound ? value : 0;
}

/* Collects the boundaries in three blocks, the bytes around them, and the middle of each unit. */
static size_t interesting(const struct dio_align *g, uint64_t *values, size_t room)
{
	size_t n = 0;

	for (uint64_t at = 0; at <= 3 * (uint64_t)g->block && n + 4 <= room;) {
		if (at)
			values[n++] = at - 1;
		values[n++] = at;
		values[n++] = at + 1;
		values[n++] = at + g->offset / 2;
		at += g->offset > g->block / 8 ? g->offset : g->block / 8;
	}
	return n;
}

static void for_small_requests(const struct dio_align *g, property *check)
{
	static const uintptr_t addresses[] = { 0x10000, 0x10001, 0x10004, 0x10200, 0x101ff, 0 };
	uint64_t values[128];
	size_t n = interesting(g, values, 128);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			for (size_t a = 0; a < sizeof(addresses) / sizeof(addresses[0]); a++)
				if (values[j])
					check(&(struct request){ *g, values[i], values[j],
								 addresses[a], 2 * g->offset });
}

/* Checks every position, length and address in a few blocks of eight bytes. */
static void for_all_tiny_requests(property *check)
{
	static const uint32_t off[] = { 1, 2, 4, 8 };
	static const uintptr_t addresses[] = { 0, 64, 65, 66, 67, 68, 69, 70, 71 };

	for (size_t o = 0; o < 4; o++)
		for (uint32_t mem = 1; mem <= 8; mem *= 2)
			for (uint64_t pos = 0; pos < 24; pos++)
				for (size_t len = 1; len < 28; len++)
					for (size_t a = 0; a < 9; a++)
						check(&(struct request){ { mem, off[o], 8 },
									 pos,
									 len,
									 addresses[a],
									 2 * off[o] });
}

static void for_random_requests(const struct dio_align *g, property *check)
{
	for (int i = 0; i < 20000; i++) {
		struct request r = { .g = *g };

		r.len = random_size(below(4) ? 1 << 20 : PLAN_MAX_RW(4096)) + 1;
		r.pos = random_size(below(2) ? 1 << 24 : LAST_BYTE - r.len);
		r.addr = 0x7f0000000000 + random_size(1 << 20);
		r.room = (2 + below(512)) * (size_t)g->offset;
		check(&r);
	}
}

/* Checks requests that end on the last byte that a file can have, or shortly before it. */
static void for_requests_at_the_end_of_numbers(const struct dio_align *g, property *check)
{
	for (int i = 0; i < 5000; i++) {
		size_t len = random_size(4 * (uint64_t)g->block) + 1;
		uint64_t end = LAST_BYTE - (below(2) ? 0 : below(3 * (uint64_t)g->block));

		check(&(struct request){ *g, end - len, len, 0x10000 + below(2), 2 * g->offset });
	}
}

static void for_requests(property *check)
{
	random_state = 1;
	for_all_tiny_requests(check);
	for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
		for_small_requests(&alignments[i], check);
		for_random_requests(&alignments[i], check);
		for_requests_at_the_end_of_numbers(&alignments[i], check);
	}
}

/* The plain definitions that the properties use: division, not bit masks. */

static bool aligned(uint64_t value, uint32_t unit)
{
	return value % unit == 0;
}

/* Whether direct I/O can use memory at `addr`. 0 stands for memory that is not contiguous. */
static bool usable(const struct request *r, uintptr_t addr)
{
	return addr && aligned(addr, r->g.mem);
}

static uint64_t block_of(const struct request *r, uint64_t pos)
{
	return pos / r->g.block;
}

/* One step of a write, and where it begins. */
struct placed {
	struct step step;
	uint64_t pos;
	uintptr_t addr;
};

#define MOST_STEPS 3 /* a partial block, whole blocks, a partial block */

static size_t walk_write(const struct request *r, struct placed *steps)
{
	size_t done = 0;
	size_t n = 0;

	while (done < r->len) {
		struct placed at = { .pos = r->pos + done, .addr = r->addr ? r->addr + done : 0 };

		assert_true(n < MOST_STEPS);
		at.step = plan_write(&r->g, at.pos, r->len - done, at.addr);
		assert_true(at.step.len > 0);
		assert_true(at.step.len <= r->len - done);
		steps[n++] = at;
		done += at.step.len;
	}
	return n;
}

static void for_steps(const struct request *r,
		      void (*check)(const struct request *, const struct placed *))
{
	struct placed steps[MOST_STEPS];
	size_t n = walk_write(r, steps);

	for (size_t i = 0; i < n; i++)
		check(r, &steps[i]);
}

static void write_is_covered(const struct request *r)
{
	struct placed steps[MOST_STEPS];
	size_t n = walk_write(r, steps);

	assert_true(steps[0].pos == r->pos);
	assert_true(steps[n - 1].pos + steps[n - 1].step.len == r->pos + r->len);
}

static void edge_holds_no_whole_block(const struct request *r, const struct placed *at)
{
	uint64_t first = block_of(r, at->pos + r->g.block - 1);

	if (at->step.how == HOW_EDGE)
		assert_true(block_of(r, at->pos + at->step.len) <= first);
}

static void edge_is_at_a_misaligned_end(const struct request *r, const struct placed *at)
{
	if (at->step.how == HOW_EDGE)
		assert_true(!aligned(r->pos, r->g.offset) ||
			    !aligned(r->pos + r->len, r->g.offset));
}

static void own_memory_is_aligned(const struct request *r, const struct placed *at)
{
	if (at->step.how == HOW_DIRECT)
		assert_true(usable(r, at->addr));
}

static void bounce_is_needed(const struct request *r, const struct placed *at)
{
	if (at->step.how == HOW_BOUNCE)
		assert_false(usable(r, at->addr));
}

static void direct_step_is_aligned(const struct request *r, const struct placed *at)
{
	if (at->step.how == HOW_EDGE)
		return;
	assert_true(aligned(at->pos, r->g.offset));
	assert_true(aligned(at->step.len, r->g.offset));
}

static void edges_are_small(const struct request *r)
{
	for_steps(r, edge_holds_no_whole_block);
	for_steps(r, edge_is_at_a_misaligned_end);
}

static void own_is_aligned(const struct request *r)
{
	for_steps(r, own_memory_is_aligned);
}

static void bounces_are_needed(const struct request *r)
{
	for_steps(r, bounce_is_needed);
}

static void direct_is_aligned(const struct request *r)
{
	for_steps(r, direct_step_is_aligned);
}

static void edges_have_their_blocks_alone(const struct request *r)
{
	struct placed steps[MOST_STEPS];
	size_t n = walk_write(r, steps);

	for (size_t i = 1; i < n; i++) {
		assert_true((steps[i - 1].step.how == HOW_EDGE) != (steps[i].step.how == HOW_EDGE));
		assert_true(block_of(r, steps[i].pos - 1) != block_of(r, steps[i].pos));
	}
}

static size_t edge_length(const struct placed *at)
{
	return at->step.how == HOW_EDGE ? at->step.len : 0;
}

static void edges_are_the_outer_steps(const struct request *r)
{
	struct placed steps[MOST_STEPS];
	size_t n = walk_write(r, steps);
	bool alone = n == 1 && steps[0].step.how == HOW_EDGE;
	size_t head, tail;

	plan_edges(&r->g, r->pos, r->len, &head, &tail);
	assert_true(head == (alone ? 0 : edge_length(&steps[0])));
	assert_true(tail == (alone ? 0 : edge_length(&steps[n - 1])));
}

static void aligned_write_is_one_step(const struct request *r)
{
	if (!aligned(r->pos, r->g.offset) || !aligned(r->len, r->g.offset))
		return;

	struct step step = plan_write(&r->g, r->pos, r->len, r->addr);

	assert_int_equal(step.how, usable(r, r->addr) ? HOW_DIRECT : HOW_BOUNCE);
	assert_true(step.len == r->len);
}

static void misaligned_is_what_the_kernel_refuses(const struct request *r)
{
	bool taken = aligned(r->pos, r->g.offset) && aligned(r->len, r->g.offset) &&
		     aligned(r->addr, r->g.mem);

	assert_int_equal(plan_misaligned(&r->g, r->pos, r->len, r->addr), !taken);
}

static struct read_plan plan_of(const struct request *r)
{
	return plan_read(&r->g, r->pos, r->len, r->addr, r->room);
}

static uint64_t reach(const struct read_plan *p)
{
	return p->start + p->head + p->own + p->tail;
}

static void read_encloses(const struct request *r)
{
	struct read_plan p = plan_of(r);

	assert_true(p.start <= r->pos);
	assert_true(r->pos - p.start < r->g.offset);
	assert_true(p.skip == r->pos - p.start);
	assert_true(reach(&p) > r->pos);
	if (reach(&p) < r->pos + r->len) /* only a lack of room may leave a remainder */
		assert_true(p.own == 0 && p.head == r->room);
	else
		assert_true(reach(&p) - (r->pos + r->len) < r->g.offset);
}

static void read_pieces_are_units(const struct request *r)
{
	struct read_plan p = plan_of(r);

	assert_true(aligned(p.start, r->g.offset));
	assert_true(aligned(p.head, r->g.offset));
	assert_true(aligned(p.own, r->g.offset));
	assert_true(aligned(p.tail, r->g.offset));
	assert_true(p.head + p.tail <= r->room);
}

static void own_read_stays_in_the_callers_memory(const struct request *r)
{
	struct read_plan p = plan_of(r);
	uint64_t from = p.start + p.head;

	if (!p.own) {
		assert_true(p.tail == 0);
		return;
	}
	assert_true(r->addr != 0);
	assert_true(from >= r->pos);
	assert_true(from + p.own <= r->pos + r->len);
	assert_true(aligned(r->addr + (from - r->pos), r->g.mem));
}

/* If whole units can go directly into the caller's memory, only the edges are bounced. */
static void read_bounces_only_edges(const struct request *r)
{
	struct read_plan p = plan_of(r);
	uint64_t first = (r->pos + r->g.offset - 1) / r->g.offset * r->g.offset;

	if (!r->addr || first + r->g.offset > r->pos + r->len ||
	    !aligned(r->addr + (first - r->pos), r->g.mem))
		return;
	assert_true(p.head <= r->g.offset && p.tail <= r->g.offset);
	assert_int_equal(p.head != 0, !aligned(r->pos, r->g.offset));
	assert_int_equal(p.tail != 0, !aligned(r->pos + r->len, r->g.offset));
}

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

static void check_useful(const struct request *r, const struct read_plan *p, size_t got)
{
	uint64_t wanted = clamp(p->start + got, r->pos, r->pos + r->len) - r->pos;

	assert_true(plan_read_useful(p, got, r->len) == wanted);
}

/* Checks every count for tiny requests; for others, the counts around the ends of the pieces. */
static void useful_is_exact(const struct request *r)
{
	struct read_plan p = plan_of(r);
	size_t all = p.head + p.own + p.tail;
	size_t marks[] = { 0, p.skip, p.skip + r->len, p.head, p.head + p.own, all };

	if (r->g.block == 8)
		for (size_t got = 0; got <= all; got++)
			check_useful(r, &p, got);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		for (size_t got = marks[i] ? marks[i] - 1 : 0; got <= marks[i] + 1; got++)
			if (got <= all)
				check_useful(r, &p, got);
}

#define PROPERTY(name, check) \
	static void name(void **state) \
	{ \
		(void)state; \
		for_requests(check); \
	}

PROPERTY(write_steps_cover_exactly_the_request_in_ascending_order, write_is_covered)
PROPERTY(an_edge_is_at_a_misaligned_end_and_holds_no_whole_block, edges_are_small)
PROPERTY(own_memory_is_written_only_if_aligned_and_in_one_piece, own_is_aligned)
PROPERTY(a_write_is_copied_only_for_its_memory, bounces_are_needed)
PROPERTY(a_direct_write_is_aligned_in_position_and_length, direct_is_aligned)
PROPERTY(a_direct_write_shares_no_block_with_an_edge, edges_have_their_blocks_alone)
PROPERTY(the_edges_of_a_write_are_its_outer_steps, edges_are_the_outer_steps)
PROPERTY(an_aligned_write_is_one_step, aligned_write_is_one_step)
PROPERTY(misaligned_means_position_length_or_address, misaligned_is_what_the_kernel_refuses)
PROPERTY(a_read_encloses_the_request_by_less_than_a_unit, read_encloses)
PROPERTY(a_reads_pieces_are_units_and_fit_the_room, read_pieces_are_units)
PROPERTY(own_memory_is_read_into_only_within_the_request, own_read_stays_in_the_callers_memory)
PROPERTY(a_read_bounces_no_more_than_its_edges, read_bounces_only_edges)
PROPERTY(useful_bytes_are_exact_for_every_count, useful_is_exact)

static void one_call_moves_no_more_than_the_kernel_does(void **state)
{
	(void)state;
	assert_true(PLAN_MAX_RW(4096) == 0x7ffff000);
	assert_true(PLAN_MAX_RW(65536) == 0x7fff0000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_steps_cover_exactly_the_request_in_ascending_order),
		cmocka_unit_test(an_edge_is_at_a_misaligned_end_and_holds_no_whole_block),
		cmocka_unit_test(own_memory_is_written_only_if_aligned_and_in_one_piece),
		cmocka_unit_test(a_write_is_copied_only_for_its_memory),
		cmocka_unit_test(a_direct_write_is_aligned_in_position_and_length),
		cmocka_unit_test(a_direct_write_shares_no_block_with_an_edge),
		cmocka_unit_test(the_edges_of_a_write_are_its_outer_steps),
		cmocka_unit_test(an_aligned_write_is_one_step),
		cmocka_unit_test(misaligned_means_position_length_or_address),
		cmocka_unit_test(a_read_encloses_the_request_by_less_than_a_unit),
		cmocka_unit_test(a_reads_pieces_are_units_and_fit_the_room),
		cmocka_unit_test(own_memory_is_read_into_only_within_the_request),
		cmocka_unit_test(a_read_bounces_no_more_than_its_edges),
		cmocka_unit_test(useful_bytes_are_exact_for_every_count),
		cmocka_unit_test(one_call_moves_no_more_than_the_kernel_does),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
