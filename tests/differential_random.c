/* Random numbers, also near multiples of the units of direct I/O. */
#include "differential.h"

#include <string.h>

uint64_t random_word(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15; /* SplitMix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

uint64_t below(struct random *r, uint64_t bound)
{
	return random_word(r) % bound;
}

bool one_in(struct random *r, unsigned n)
{
	return below(r, n) == 0;
}

void random_fill(struct random *r, unsigned char *to, size_t len)
{
	for (; len >= 8; to += 8, len -= 8) {
		uint64_t word = random_word(r);

		memcpy(to, &word, 8);
	}
	for (; len; len--)
		*to++ = random_word(r);
}

uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* Returns a multiple of 512 or 4096, or one byte less or more. */
uint64_t around_units(struct random *r, uint64_t bound)
{
	uint64_t unit = one_in(r, 2) ? 512 : 4096;
	uint64_t value = (below(r, bound) / unit + 1) * unit;

	return value + below(r, 3) - 1;
}
