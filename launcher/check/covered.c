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

/* A program may make any system call by syscall(2). */
static const char *const transfer_names[] = { DIOSHIM_READ_SYMBOLS(
	COVERED_NAME) DIOSHIM_WRITE_SYMBOLS(COVERED_NAME) DIOSHIM_SYSCALL_SYMBOLS(COVERED_NAME) };

uint64_t covered_transfers(uint64_t set)
{
	uint64_t transfers = 0;

	for (size_t i = 0; i < sizeof(transfer_names) / sizeof(*transfer_names); i++)
		transfers |= covered_bit(transfer_names[i]);
	return set & transfers;
}
