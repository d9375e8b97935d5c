/*
 * Turns: calls that move the offset of one open file description are serialized.
 *
 * The kernel holds a lock on the offset for the whole of a read(2) or write(2), so that a later
 * range is never written, or seen, before an earlier one. A call that the shim makes in several
 * steps holds a turn instead, and other calls through that offset queue in their order of arrival.
 *
 * The rules of gate.h apply here too. Other processes do not queue: see offset.h.
 */
#ifndef DIOSHIM_TURN_H
#define DIOSHIM_TURN_H

#include <stdbool.h>
#include <stdint.h>

struct gate;

/* Waits for the turn on the description. Returns what turn_end() needs; null if no turn is held. */
struct gate *turn_take(uint32_t key);
void turn_end(struct gate *g);

/* Returns whether a call on any description holds a turn or waits for one. */
bool turn_any(void);

#endif
