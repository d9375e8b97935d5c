/*
 * Gates: direct and buffered calls on one open file description take turns within the process.
 *
 * While threads make buffered calls, with O_DIRECT off (window.h), the direct calls of the others wait, so
 * that they stay direct; the inode's lock would make them wait anyway. Calls of one kind pass together.
 * Neither kind starves the other: newcomers queue once the other kind waits, and the last one out lets all
 * of those in. The first buffered call opens the window and takes O_DIRECT off. It waits for the others to
 * leave and sets it again: its descriptor was seen to be direct, theirs may be taken for such by mistake.
 *
 * Signals have to be blocked. Nothing may be held that a holder of a gate needs: the order is number,
 * turn, range, bounce buffer, sector, gate.
 *
 * There may be no gate to get: no memory, or more descriptions in use at one moment than there is room for
 * (eight for each of 32 hash values). Then nobody waits in the process, and what meets a window is brought
 * to the device afterwards.
 */
#ifndef DIOSHIM_GATE_H
#define DIOSHIM_GATE_H

#include <stdint.h>

struct gate;

/* Finds the gate of a description and uses it until gate_put(). Null if there is none. */
struct gate *gate_get(uint32_t key);
void gate_put(struct gate *g);

/*
 * For a direct call and for a buffered one. Each returns the gate, for its other half, or null. There is none
 * for a key that several descriptions of a file may share (description.h), because a window takes O_DIRECT off
 * one of them. Where the gate is null, a buffered call has to open a window itself.
 */
struct gate *gate_enter_direct(uint32_t key);
void gate_leave_direct(struct gate *g);

/* `fd` is a descriptor of the description. */
struct gate *gate_enter_buffered(uint32_t key, int fd);
void gate_leave_buffered(struct gate *g, int fd);

/* Between the two: somebody else had set O_DIRECT, and the caller has cleared it, and so sets it again. */
void gate_cleared(struct gate *g);

#endif
