/* Lines that fit a terminal. Widths are in columns of the terminal. */
#ifndef DIOSHIM_LAUNCHER_SCREEN_H
#define DIOSHIM_LAUNCHER_SCREEN_H

#include <stddef.h>
#include <stdio.h>

/*
 * Returns how wide lines may be that are written to `to`: COLUMNS, if that is set to a number, else the width of the
 * terminal. 0: as wide as they are, because it is not a terminal. A file or a pipe has no width, and whoever searches
 * it for a path should find the path.
 */
size_t screen_width(FILE *to);

/* Returns how many columns a text takes. */
size_t screen_columns(const char *text);

/* Shortens a text to `width` columns by putting "..." into its middle, if it is longer. */
void screen_shorten(char *text, size_t width);

/*
 * Prints a text and a newline. A text that is wider than `width` becomes several lines, which are split at spaces and
 * from the second on indented by `indent`. A width of 0: one line.
 */
void screen_print(FILE *to, const char *text, size_t width, size_t indent);

#endif
