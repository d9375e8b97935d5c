/* The files on which the file system has refused O_DIRECT, and that were used without it: --refused. */
#ifndef DIOSHIM_LAUNCHER_REFUSED_FILES_H
#define DIOSHIM_LAUNCHER_REFUSED_FILES_H

#include <stddef.h>

#include "report/counts.h"

/*
 * Writes a sentence that names them, those with the most bytes first, without a capital and a full stop: as
 * many names as there is room for, at most 20, and the number of the others. Returns how many there are; 0:
 * there is no sentence.
 */
size_t refused_files(const struct counted *c, char *text, size_t room);

/* Prints it as a message, if there are any. */
void refused_files_message(const struct record *rec);

#endif
