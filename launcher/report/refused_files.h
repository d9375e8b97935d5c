/* The files on which the file system has refused O_DIRECT, and that were used without it: --refused. */
#ifndef DIOSHIM_LAUNCHER_REFUSED_FILES_H
#define DIOSHIM_LAUNCHER_REFUSED_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "report/counts.h"

/* Returns whether there are any. */
bool refused_files_any(const struct counted *c);

/*
 * Writes a sentence that names them, those with the most bytes first, without a capital and a full stop: as
 * many names as there is room for, at most 20, and the number of the others; how many of them have no entry in the
 * record is not known. Returns false if there are none, and no sentence.
 */
bool refused_files(const struct counted *c, char *text, size_t room);

/* Prints it as a message, if there are any. */
void refused_files_message(const struct record *rec);

#endif
