/*
 * What the kernel tells about direct I/O at a path. The path itself is not opened, except a block
 * device whose sector size is not in /sys.
 */
#ifndef DIOSHIM_LAUNCHER_PROBE_LOOK_H
#define DIOSHIM_LAUNCHER_PROBE_LOOK_H

#include "probe/probe_result.h"
#include "statx.h"

/* Fills in `p`. Returns NULL, or an error text; then there is nothing to free. */
const char *probe_look(const char *path, struct probe *p);
void probe_look_free(struct probe *p);

/* Copies the alignments of a file to `p`, as far as statx(2) reports them. */
void probe_alignments(const struct kernel_statx *sx, struct probe *p);

/* Calls statx(2) for all fields that --probe uses. Returns 0 or an errno. */
int probe_statx(int fd, const char *path, int flags, struct kernel_statx *sx);

#endif
