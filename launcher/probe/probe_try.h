/*
 * Finds out what the kernel does with direct I/O by test calls: writes to a new file without a
 * name, or reads from a block device. Existing files and devices are never written to.
 */
#ifndef DIOSHIM_LAUNCHER_PROBE_TRY_H
#define DIOSHIM_LAUNCHER_PROBE_TRY_H

#include "probe/probe_result.h"

/*
 * Creates a file in p->directory, for a path that is not a block device. With `try`, makes aligned
 * and misaligned writes to it. Without, the file is created only if there is no existing file to
 * take the alignments from, and only if it needs no name (O_TMPFILE).
 */
void probe_new_file(struct probe *p, bool try);

/* Makes test reads on the block device p->path. */
void probe_device(struct probe *p);

#endif
