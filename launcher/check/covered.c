/* See covered.h. */
#include "check/covered.h"

#include <string.h>

#define COVERED_NAME(symbol, kind) #symbol,

const char *const covered_names[COVERED_COUNT] = { DIOSHIM_SYMBOLS(COVERED_NAME) };

void covered_add(struct covered_set *set, const char *name)
{
	for (unsigned i = 0; i < COVERED_COUNT; i++)
		if (!strcmp(covered_names[i], name))
			set->has[i] = true;
}

void covered_join(struct covered_set *set, const struct covered_set *other)
{
	for (unsigned i = 0; i < COVERED_COUNT; i++)
		set->has[i] |= other->has[i];
}

bool covered_any(const struct covered_set *set)
{
	for (unsigned i = 0; i < COVERED_COUNT; i++)
		if (set->has[i])
			return true;
	return false;
}

#define COVERED_TRANSFER(symbol, kind) [COVERED_##symbol] = true,

/* clang-format off */
static const bool transfers[COVERED_COUNT] = {
	DIOSHIM_READ_SYMBOLS(COVERED_TRANSFER)
	DIOSHIM_WRITE_SYMBOLS(COVERED_TRANSFER)
	DIOSHIM_COPY_SYMBOLS(COVERED_TRANSFER)
	DIOSHIM_POSIX_AIO_SYMBOLS(COVERED_TRANSFER)
	DIOSHIM_SYSCALL_SYMBOLS(COVERED_TRANSFER)
	DIOSHIM_PRINT_SYMBOLS(COVERED_TRANSFER)
	DIOSHIM_AIO_SYMBOLS(COVERED_TRANSFER)
};
/* clang-format on */

bool covered_any_transfer(const struct covered_set *set)
{
	for (unsigned i = 0; i < COVERED_COUNT; i++)
		if (set->has[i] && transfers[i])
			return true;
	return false;
}
