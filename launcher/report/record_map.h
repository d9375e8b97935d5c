/* Record files (common/record.h), as the launcher uses them. */
#ifndef DIOSHIM_LAUNCHER_RECORD_MAP_H
#define DIOSHIM_LAUNCHER_RECORD_MAP_H

#include <stdbool.h>

#include "record.h"

/* The record file that a launcher makes for COMMAND. */
struct record_file_made {
	struct record *rec; /* mapped read-only */
	char *path;	    /* for DIOSHIM_STATS and DIOSHIM_TRACE */
	int fd; /* what `path` names while this is open; -1: a file that has to be removed */
};

/*
 * Makes a record file for processes to write to, with mode 0600. It is in memory and has no name of its own, so
 * that nothing remains when the launcher is killed: processes open it as a descriptor of the launcher, in /proc. Where
 * there is no /proc it is in $TMPDIR or /tmp. `no_io_uring`: COMMAND runs without (--no-io-uring); the record says so to
 * whoever reports on it. Returns 0, or an errno.
 */
int record_map_make(struct record_file_made *made, bool no_io_uring);
void record_map_remove(struct record_file_made *made);

/*
 * Maps one read-only; processes may still be writing to it. Returns NULL after a message on stderr.
 */
struct record *record_map_open(const char *path);

void record_map_close(struct record *rec);

#endif
