/* Record files (common/record.h), as the launcher uses them. */
#ifndef DIOSHIM_LAUNCHER_RECORD_MAP_H
#define DIOSHIM_LAUNCHER_RECORD_MAP_H

#include "record.h"

/*
 * Creates a record file for processes to write to, with mode 0600: in /dev/shm, or if that fails in
 * $TMPDIR or /tmp. Returns its path, to be freed; NULL after a message on stderr.
 */
char *record_map_create(void);

/*
 * Maps one read-only; processes may still be writing to it. Returns NULL after a message on stderr.
 */
struct record *record_map_open(const char *path);

void record_map_close(struct record *rec);

#endif
