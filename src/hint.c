/* What a descriptor number was last seen to require. See hint.h. */
#include "hint.h"

#include "disable.h"

_Atomic uint8_t hint_table[HINT_FDS];
_Atomic uint32_t hint_top;

/* Up to 2^14. A larger alignment is remembered as 2^14, so some refusals are not predicted. */
static unsigned shift_of(uint32_t align)
{
	unsigned shift = __builtin_ctz(align);

	return shift < 14 ? shift : 14;
}

void hint_reach(int fd)
{
	uint32_t top = atomic_load_explicit(&hint_top, memory_order_relaxed);

	while (top < (uint32_t)fd && !atomic_compare_exchange_weak(&hint_top, &top, (uint32_t)fd))
		;
}

void hint_learn(int fd, uint32_t mem, uint32_t off)
{
	if (!(disabled & DISABLE_HINTS))
		hint_set(fd, shift_of(mem) << 4 | shift_of(off));
}

uint32_t hint_off(int fd)
{
	uint8_t hint = hint_get(fd);

	return hint == HINT_DIRECT ? 1 : 1U << (hint & 15);
}
