/* What the kernel tells about direct I/O at a path. Nothing is opened for it but /proc and /sys. */
#ifndef DIOSHIM_LAUNCHER_PROBE_LOOK_H
#define DIOSHIM_LAUNCHER_PROBE_LOOK_H

#include "probe/probe_result.h"
#include "statx.h"

/* NULL, or why not: then there is nothing to free. */
const char *probe_look(const char *path, struct probe *p);
void probe_look_free(struct probe *p);

/* Take over the alignments of a file, as far as it tells. */
void probe_alignments(const struct kernel_statx *sx, struct probe *p);

/* statx(2) of all that is looked at here, of `path` as seen from `fd`. 0, or an errno. */
int probe_statx(int fd, const char *path, int flags, struct kernel_statx *sx);

#endif
