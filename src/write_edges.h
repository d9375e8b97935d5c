/*
 * Overwrites with edges: partial blocks at one end or both, whole blocks between them.
 *
 * Other writes ascend (write_range.c), so that what is written when the space ends is what is
 * counted. An overwrite needs no space, and its order can be that in which the device waits least.
 * Only a failing device can end it early, and then direct I/O does not promise a prefix either.
 *
 * Usually the edges come first, and the device works on them and on the whole blocks at the same
 * time. Beside other writes they come last: while the block around an edge is read, the inode is
 * locked and O_DIRECT is off, and the others would wait. So the blocks are read while the whole
 * blocks are written, and the edges find them in the page cache. Both edges are written in one
 * window (window.h).
 */
#ifndef DIOSHIM_WRITE_EDGES_H
#define DIOSHIM_WRITE_EDGES_H

#include "write_step.h"

/*
 * Called when the write has turned out to take several steps, before the first. If it is such an
 * overwrite, this narrows it to its whole blocks; the edges have then been written, or will be.
 */
void write_edges_begin(struct writing *w);

/*
 * Called when the steps have ended. Writes edges that were put off, and sets w->pos to where the
 * bytes that are there end. Returns `ret`, the answer of the last step, or the error of the first
 * edge if that is the reason why no byte is there.
 */
long write_edges_end(struct writing *w, long ret);

#endif
