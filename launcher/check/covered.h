/* The functions that the shim covers, from symbols.h, and sets of them. */
#ifndef DIOSHIM_COVERED_H
#define DIOSHIM_COVERED_H

#include <stdbool.h>

#define DIOSHIM_EVERY_SYMBOL
#include "symbols.h"

#define COVERED_INDEX(symbol, kind) COVERED_##symbol,

enum { DIOSHIM_SYMBOLS(COVERED_INDEX) COVERED_COUNT };

#undef COVERED_INDEX

extern const char *const covered_names[COVERED_COUNT];

struct covered_set {
	bool has[COVERED_COUNT];
};

/* Adds a function; nothing if the shim does not cover it. */
void covered_add(struct covered_set *set, const char *name);

/* Adds all members of another set. */
void covered_join(struct covered_set *set, const struct covered_set *other);

bool covered_any(const struct covered_set *set);

/* Returns whether a member transfers data: a read, a write, dprintf(3), or syscall(2), which may be any call. */
bool covered_any_transfer(const struct covered_set *set);

#endif
