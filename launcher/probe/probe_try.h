/*
 * What the kernel does with direct I/O, found by doing it: on a new file that has no name, or by
 * reading from a block device. No file that was there before is written to.
 */
#ifndef DIOSHIM_LAUNCHER_PROBE_TRY_H
#define DIOSHIM_LAUNCHER_PROBE_TRY_H

#include "probe/probe_result.h"

/*
 * In p->directory. With `try`, aligned and misaligned writes are tried. Without, such a file is
 * made only for a directory, which has no alignments itself, and only if that leaves no trace
 * (O_TMPFILE).
 */
void probe_new_file(struct probe *p, bool try);

/* Try reads on the block device p->path. */
void probe_device(struct probe *p);

#endif
