/*
 * The program's own F_GETFL and F_SETFL, while there are windows in which O_DIRECT is off
 * (window.h): F_GETFL does not show a window, and F_SETFL loses no flag to one.
 */
#ifndef DIOSHIM_FLAGS_H
#define DIOSHIM_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "number.h"
#include "window.h"

struct gate;

/* An F_SETFL in progress. */
struct flags_change {
	int fd;
	bool begun;
	bool known; /* the number had a hint before */
	struct gate *gate;
	struct window window;
	struct number_ending calls; /* keeps calls on the description's numbers out */
};

/*
 * Waits until no call is in progress on the description, and keeps new ones out: a call of several
 * steps would otherwise do a part with the old flags and a part with the new (O_APPEND).
 */
void flags_begin(struct flags_change *c, int fd);

/* Lets the others in, after the call was made; `flags` are the new flags, negative if it failed. */
void flags_end(struct flags_change *c, int flags);

/* Returns the flags that F_GETFL reports: `flags`, with O_DIRECT if it is only off temporarily, or refused (refused.h). */
int flags_shown(int fd, int flags);

#endif
