/* See covered.h. */
#include "check/covered.h"

#include <string.h>

#include "symbols.h"

#define COVERED_NAME(symbol, kind) #symbol,

const char *const covered_names[] = { DIOSHIM_SYMBOLS(COVERED_NAME) };

enum { COUNT = sizeof(covered_names) / sizeof(*covered_names) };
const unsigned covered_count = COUNT;

_Static_assert(COUNT <= 64, "a set has 64 bits");

uint64_t covered_bit(const char *name)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (!strcmp(covered_names[i], name))
			return UINT64_C(1) << i;
	return 0;
}

uint64_t covered_transfers(uint64_t set)
{
	uint64_t transfers = 0;

	for (unsigned i = 0; i < COUNT; i++)
		if (strstr(covered_names[i], "read") || strstr(covered_names[i], "write"))
			transfers |= UINT64_C(1) << i;
	return set & transfers;
}
