/* What a descriptor number was last seen to want. See hint.h. */
#include "hint.h"

#include "without.h"

_Atomic uint8_t hint_table[HINT_FDS];

/* A nibble holds up to 2^15. A larger alignment is remembered as that: some refusals are not foreseen. */
static unsigned shift_of(uint32_t align)
{
	unsigned shift = __builtin_ctz(align);

	return shift < 15 ? shift : 15;
}

void hint_learn(int fd, uint32_t mem, uint32_t off)
{
	if (!(without & WITHOUT_HINTS))
		hint_set(fd, shift_of(mem) << 4 | shift_of(off));
}

uint32_t hint_off(int fd)
{
	return 1U << (hint_get(fd) & 15);
}

void hint_forget_range(unsigned first, unsigned last)
{
	for (unsigned fd = first; fd < HINT_FDS && fd <= last; fd++)
		hint_forget((int)fd);
}
