/*
 * Gates: direct and buffered calls on one open file description take turns within the process.
 *
 * While threads make buffered calls, with O_DIRECT off (window.h), the direct calls of the others
 * wait, so that they stay direct; the inode's lock would make them wait anyway. Calls of one kind
 * are inside together. Neither kind starves the other: newcomers queue once the other kind waits,
 * and the last one to leave lets all of those in. The first buffered call opens the window and
 * takes O_DIRECT off. It waits for the others to leave and sets it again, because only its own
 * descriptor was seen to be direct.
 *
 * Signals must be blocked, and the caller must hold nothing that a holder of a gate needs: the
 * order is number, turn, range, bounce buffer, sector, async (async.h), gate.
 *
 * There may be no gate: no memory, or more descriptions in use at one moment than there is room for
 * (eight for each of 32 hash values). Then nobody waits within the process, and a call that meets a
 * window brings its data to the device afterwards.
 */
#ifndef DIOSHIM_GATE_H
#define DIOSHIM_GATE_H

#include <stdint.h>

struct gate;

/* Returns the gate of a description, which stays in use until gate_put(). Null if there is none. */
struct gate *gate_get(uint32_t key);
void gate_put(struct gate *g);

/*
 * Enter the gate with a direct and with a buffered call. Both return the gate, to be passed to the
 * function that leaves it, or null. There is none for a key that several descriptions of a file may
 * share (description.h), because a window takes O_DIRECT off only one of them. Without a gate, a
 * buffered call has to open a window itself.
 */
struct gate *gate_enter_direct(uint32_t key);
void gate_leave_direct(struct gate *g);

/* `fd` is a descriptor of the description. */
struct gate *gate_enter_buffered(uint32_t key, int fd);
void gate_leave_buffered(struct gate *g, int fd);

/*
 * Called between the two when somebody else had set O_DIRECT and the caller has cleared it: makes
 * the caller the one who sets it again.
 */
void gate_cleared(struct gate *g);

#endif
