/* Processes that COMMAND has started, and that still run when it has ended. */
#ifndef DIOSHIM_LEFT_H
#define DIOSHIM_LEFT_H

#include <sys/types.h>

/*
 * Returns how many processes still write to the record file `fd`, a memfd that they know as `name` (record_map.h).
 * If there are none, nobody can write to it any more. `command` is COMMAND, which has ended. Waits a little for
 * processes that are just starting a program.
 */
unsigned left_count(int fd, const char *name, pid_t command);

/*
 * Starts a process that keeps the record file open until the last of them has ended, so that --report can show it.
 * Returns the file's path, to be freed; NULL on failure.
 */
char *left_keep(int fd);

#endif
