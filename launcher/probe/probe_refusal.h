/* Whether a file system that reports no alignments refuses O_DIRECT. */
#ifndef DIOSHIM_LAUNCHER_PROBE_REFUSAL_H
#define DIOSHIM_LAUNCHER_PROBE_REFUSAL_H

#include "probe/probe_result.h"

/*
 * Sets p->refused, with a note, for an existing file; nothing is done where the kernel reports alignments. The file is
 * opened for reading; with `try`, an aligned block is read, too.
 */
void probe_refusal(struct probe *p, bool try);

/* The same for a new file, which is opened once more. */
void probe_refusal_new(struct probe *p, int fd);

/* Sets p->refused if the aligned test call was refused. */
void probe_refusal_tried(struct probe *p);

/*
 * For a directory in which no file can be created, and whose alignments are therefore not known: finds a regular file
 * in it. Returns its path, to be freed, or NULL.
 */
char *probe_file_in(const char *directory);

#endif
