/*
 * The program's own F_GETFL and F_SETFL, beside windows in which O_DIRECT is off (window.h): it neither
 * sees one nor loses a flag to one.
 */
#ifndef DIOSHIM_FLAGS_H
#define DIOSHIM_FLAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "number.h"
#include "window.h"

struct gate;

/* An F_SETFL on its way. */
struct flags_change {
	int fd;
	bool begun;
	bool known; /* the number was marked before */
	struct gate *gate;
	struct window window;
	struct number_ending calls; /* on its numbers, kept out */
};

/*
 * Waits until no call is in progress on the description, and keeps new ones out: a call of several steps
 * would otherwise do a part with the old flags and a part with the new (O_APPEND).
 */
void flags_begin(struct flags_change *c, int fd);

/* The call was made, and the flags are these now (negative: it has failed). Lets the others in. */
void flags_end(struct flags_change *c, int flags);

/* What F_GETFL has returned, with O_DIRECT where it is only off for a moment. */
int flags_shown(int fd, int flags);

#endif
