/* The ranges, their owners and their bytes. See stress.h. */
#include <stdio.h>
#include <string.h>

#include "stress.h"

enum { PAGE = 4096 };

/* Most ranges are so short that several meet in one page. */
static size_t odd_length(struct rng *r)
{
	switch (rng_between(r, 0, 9)) {
	case 0 ... 2:
		return rng_between(r, 1, 64);
	case 3 ... 5:
		return rng_between(r, 65, 511);
	case 6 ... 8:
		return rng_between(r, 512, PAGE - 1);
	default:
		return rng_between(r, PAGE, RANGE_LONGEST);
	}
}

static void add_range(struct arena *a, struct rng *r, size_t *pos, size_t len, bool sectors)
{
	struct range *range = &a->ranges[a->range_count];

	if (a->range_count == RANGES_MAX || len > a->size - *pos)
		len = a->size - *pos;
	if (!len)
		return;
	*range = (struct range){
		.start = (uint32_t)*pos,
		.len = (uint32_t)len,
		.writer = (uint8_t)rng_between(r, 1, (size_t)writers_in_all(&a->options)),
		.sectors = sectors && len % a->sector == 0,
	};
	a->range_count++;
	*pos += len;
}

void layout(struct arena *a, uint64_t seed)
{
	struct rng r = { seed };
	size_t pos = 0;

	a->size = a->options.size - rng_between(&r, 1, PAGE - 1);
	a->range_count = 0;
	while (pos < a->size && a->range_count < RANGES_MAX - 2) {
		/* An odd range before an aligned one ends where a sector begins. */
		if (!a->options.write_only && rng_one_in(&r, 3)) {
			add_range(a, &r, &pos, a->sector - pos % a->sector, false);
			add_range(a, &r, &pos, a->sector * rng_between(&r, 1, 3), true);
		} else {
			add_range(a, &r, &pos, odd_length(&r), false);
		}
	}
	a->size = pos;
}

unsigned char stress_byte(int id, unsigned generation, size_t pos)
{
	return (unsigned char)(((unsigned)id << 4 | (generation & 15)) ^ mix64(pos));
}

static const struct range *range_at(const struct arena *a, size_t pos)
{
	size_t i = 0;

	while (i + 1 < a->range_count && a->ranges[i + 1].start <= pos)
		i++;
	return &a->ranges[i];
}

static void explain(const struct arena *a, const char *who, size_t pos, unsigned char got,
		    size_t count)
{
	const struct range *range = range_at(a, pos);
	unsigned is = (got ^ (unsigned)mix64(pos)) & 0xff;
	unsigned should = (a->expected[pos] ^ (unsigned)mix64(pos)) & 0xff;
	const char *what = is >> 4 == should >> 4 ? "an older update came back"
			   : is == 0		  ? "as prepared, before any write"
			   : is >> 4 > 0 && is >> 4 <= (unsigned)writers_in_all(&a->options)
				   ? "looks like another writer's"
				   : "torn, or of another position";

	fprintf(stderr,
		"%s: %zu wrong from byte %zu on, in [%u, %u) of writer %u: %s "
		"(writer %u generation %u, not %u generation %u)\n",
		who, count, pos, range->start, range->start + range->len, range->writer, what,
		is >> 4, is & 15, should >> 4, should & 15);
}

size_t judge(struct arena *a, const char *who, const unsigned char *got, size_t pos, size_t len)
{
	size_t first = len;
	size_t wrong = 0;

	if (!memcmp(got, a->expected + pos, len))
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (got[i] == a->expected[pos + i])
			continue;
		if (!wrong++)
			first = i;
	}
	atomic_fetch_add(&a->wrong, wrong);
	explain(a, who, pos + first, got[first], wrong);
	return wrong;
}
