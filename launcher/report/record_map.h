/* Record files (common/record.h), from the side of who asked for them. */
#ifndef DIOSHIM_LAUNCHER_RECORDING_H
#define DIOSHIM_LAUNCHER_RECORDING_H

#include "record.h"

/*
 * Make a new one for processes to write to, in /dev/shm, else in $TMPDIR or /tmp; only its owner
 * may read it. Returns its path, to be freed; or NULL, after a message on stderr.
 */
char *record_map_create(void);

/* Map one, read-only. Others may go on writing to it. NULL, after a message on stderr. */
struct record *record_map_open(const char *path);

void record_map_close(struct record *rec);

#endif
