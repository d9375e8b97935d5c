/* libsmartcols. See load.h. */
#include <libsmartcols.h>

#include "load/load.h"

#define LIBRARY "libsmartcols.so.1"

LOAD_LIBRARY(smartcols)

LOAD(struct libscols_table *, scols_new_table, (void), ())
LOAD(void, scols_unref_table, (struct libscols_table * table), (table))
LOAD(int, scols_table_enable_noencoding, (struct libscols_table * table, int enable),
     (table, enable))
LOAD(int, scols_table_set_stream, (struct libscols_table * table, FILE *stream), (table, stream))
LOAD(struct libscols_column *, scols_table_new_column,
     (struct libscols_table * table, const char *name, double width, int flags),
     (table, name, width, flags))
LOAD(struct libscols_line *, scols_table_new_line,
     (struct libscols_table * table, struct libscols_line *parent), (table, parent))
LOAD(int, scols_line_set_data, (struct libscols_line * line, size_t column, const char *data),
     (line, column, data))
LOAD(int, scols_print_table, (struct libscols_table * table), (table))
LOAD(int, scols_table_set_termforce, (struct libscols_table * table, int force), (table, force))
LOAD(int, scols_column_set_wrapfunc,
     (struct libscols_column * column,
      size_t (*size)(const struct libscols_column *, const char *, void *),
      char *(*next_chunk)(const struct libscols_column *, char *, void *), void *data),
     (column, size, next_chunk, data))
LOAD(size_t, scols_wrapnl_chunksize,
     (const struct libscols_column *column, const char *text, void *data), (column, text, data))
LOAD(char *, scols_wrapnl_nextchunk, (const struct libscols_column *column, char *text, void *data),
     (column, text, data))
