/*
 * The table of --stats. See report_table.h. Where it is wider than the terminal, paths are shortened. If that is not
 * enough, columns in which all numbers are 0 are left out, then COPY TIME, and at last the numbers are told in words.
 */
#include <errno.h>
#include <libsmartcols.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "print/screen.h"
#include "print/text.h"
#include "report/report_table.h"

const char *const direction_names[RECORD_DIRECTIONS] = { "read", "write" };
const char *const way_names[RECORD_WAYS] = { "untouched", "bounced", "partial", "refused",
					     "failed" };

enum column {
	FILE_NAME,
	DIR,
	CALLS,
	UNTOUCHED,
	BOUNCED,
	PARTIAL,
	REFUSED,
	FAILED,
	BYTES,
	COPIED,
	BUFFERED,
	COPY_TIME,
	COLUMNS
};

static const char *const headings[COLUMNS] = {
	"FILE",	   "DIR",    "CALLS", "UNTOUCHED", "BOUNCED",  "PARTIAL",
	"REFUSED", "FAILED", "BYTES", "COPIED",	   "BUFFERED", "COPY TIME",
};

enum { NAME_LEAST = 16 }; /* columns that a path needs to be of use */

struct layout {
	const struct row *row;
	size_t rows;
	enum { ALL, NO_ZEROS, NO_TIME, LEVELS } level; /* what is left out */
	size_t name;				       /* columns for FILE */
};

static uint64_t number_in(const struct row *row, enum column column)
{
	const struct counts *c = &row->counts;

	switch (column) {
	case BYTES:
		return counts_bytes(c);
	case COPIED:
		return c->copied;
	case BUFFERED:
		return c->buffered;
	case COPY_TIME:
		return c->copy_ns;
	case CALLS:
		return counts_calls(c);
	default:
		return c->calls[column - UNTOUCHED];
	}
}

static const char *cell(const struct row *row, enum column column, char text[TEXT_NUMBER])
{
	uint64_t n;

	if (column == FILE_NAME)
		return row->name;
	if (column == DIR)
		return row->direction;
	n = number_in(row, column);
	if (column == COPY_TIME)
		return text_time(n, text);
	return column < BYTES ? text_count(n, text) : text_size(n, text);
}

static bool is_shown(const struct layout *l, enum column column)
{
	if (l->level == ALL || column <= CALLS || column == BYTES)
		return true;
	if (l->level == NO_TIME && column == COPY_TIME)
		return false;
	for (size_t i = 0; i < l->rows; i++)
		if (number_in(&l->row[i], column))
			return true;
	return false;
}

static size_t column_width(const struct layout *l, enum column column)
{
	size_t width = strlen(headings[column]);
	char text[TEXT_NUMBER];

	for (size_t i = 0; i < l->rows; i++) {
		size_t n = screen_columns(cell(&l->row[i], column, text));

		width = n > width ? n : width;
	}
	return width;
}

/* Makes the table fit, if it can. */
static bool fit(struct layout *l, size_t width)
{
	size_t others = 0;

	l->name = column_width(l, FILE_NAME);
	if (!width)
		return true;
	for (enum column column = DIR; column < COLUMNS; column++)
		if (is_shown(l, column))
			others += 1 + column_width(l, column);
	if (others + l->name <= width)
		return true;
	l->name = width > others ? width - others : 0;
	return l->name >= NAME_LEAST;
}

static bool fit_somehow(struct layout *l, size_t width)
{
	for (l->level = ALL; l->level < LEVELS; l->level++)
		if (fit(l, width))
			return true;
	return false;
}

static int fill_line(struct libscols_line *line, const struct layout *l, const struct row *row)
{
	char text[TEXT_NUMBER], name[TEXT_NAME];
	size_t at = 0;
	int bad = 0;

	for (enum column column = 0; column < COLUMNS && !bad; column++) {
		if (!is_shown(l, column))
			continue;
		if (column == FILE_NAME) {
			memcpy(name, row->name, sizeof(name));
			screen_shorten(name, l->name);
			bad = scols_line_set_data(line, at++, name);
		} else {
			bad = scols_line_set_data(line, at++, cell(row, column, text));
		}
	}
	return bad;
}

static int fill_table(struct libscols_table *table, const struct layout *l)
{
	/* File names are escaped already; the library would escape them again. */
	scols_table_enable_noencoding(table, 1);
	/* The table fits. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (enum column column = 0; column < COLUMNS; column++)
		if (is_shown(l, column) &&
		    !scols_table_new_column(table, headings[column], 0,
					    column < CALLS ? 0 : SCOLS_FL_RIGHT))
			return ENOMEM;
	for (size_t i = 0; i < l->rows; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line || fill_line(line, l, &l->row[i]))
			return ENOMEM;
	}
	return 0;
}

static int print_table(const struct layout *l, FILE *to)
{
	struct libscols_table *table = scols_new_table();
	int error = table ? fill_table(table, l) : ENOMEM;

	if (!error) {
		scols_table_set_stream(table, to);
		error = -scols_print_table(table);
		fputc('\n', to);
	}
	scols_unref_table(table);
	return error;
}

static struct row *add_row(struct row *row, const char *name, const char *direction,
			   const struct counts *c)
{
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->direction = direction;
	row->counts = *c;
	return row + 1;
}

/* Adds a row for each direction of a file, the one with more bytes first. */
static struct row *add_file(struct row *row, const struct counted_file *f)
{
	int first = counts_bytes(&f->counts[RECORD_WRITE]) > counts_bytes(&f->counts[RECORD_READ])
			    ? RECORD_WRITE
			    : RECORD_READ;
	char name[TEXT_NAME];

	text_file(f->path, f->device, f->inode, "", name);
	for (int i = 0; i < RECORD_DIRECTIONS; i++) {
		int dir = i ? !first : first;

		if (counts_calls(&f->counts[dir]))
			row = add_row(row, name, direction_names[dir], &f->counts[dir]);
	}
	return row;
}

static uint64_t cost_of(const struct counted_file *f)
{
	return counts_cost(&f->counts[RECORD_READ]) + counts_cost(&f->counts[RECORD_WRITE]);
}

static int most_costly(const void *one, const void *other)
{
	const struct counted_file *const *a = one, *const *b = other;
	uint64_t cost = cost_of(*a), than = cost_of(*b);

	if (cost != than)
		return cost < than ? 1 : -1;
	/* They are sorted by bytes already. */
	return *a < *b ? -1 : *a > *b;
}

/* Returns the files with calls, the most costly first, to be freed; NULL if there is no memory. */
static const struct counted_file **sorted_files(const struct counted *c, size_t *count)
{
	const struct counted_file **file =
		calloc(c->files + 1, sizeof(const struct counted_file *));

	*count = 0;
	if (!file)
		return NULL;
	for (size_t i = 0; i < c->files; i++) {
		struct counts both = counts_of_file(&c->file[i]);

		if (counts_calls(&both))
			file[(*count)++] = &c->file[i];
	}
	qsort(file, *count, sizeof(void *), most_costly);
	return file;
}

/* Makes the rows. Returns how many, or 0 if there is no memory. */
static size_t make_rows(const struct counted *c, struct row row[TABLE_ROWS])
{
	size_t files;
	const struct counted_file **file = sorted_files(c, &files);
	struct counts total = counted_total(c), rest = counts_of_file(&c->other);
	char number[TEXT_NUMBER], more[2 * TEXT_NUMBER];
	size_t shown = files < TABLE_FILES ? files : TABLE_FILES;
	size_t others = files - shown + (c->lost ? c->others : 0);
	struct row *next = row;
	size_t i;

	if (!file)
		return 0;
	for (i = 0; i < shown; i++)
		next = add_file(next, file[i]);
	for (; i < files; i++) {
		struct counts both = counts_of_file(file[i]);

		counts_add(&rest, &both);
	}
	free(file);
	if (others) {
		snprintf(more, sizeof(more), "and %s%s more", c->others_at_least ? "over " : "",
			 text_count(others, number));
		next = add_row(next, more, "", &rest);
	}
	next = add_row(next, "total", "", &total);
	return (size_t)(next - row);
}

int report_table(const struct counted *c, size_t width, FILE *to)
{
	struct row *row = calloc(TABLE_ROWS, sizeof(*row));
	struct layout l = { .row = row, .rows = row ? make_rows(c, row) : 0 };
	int error = l.rows ? 0 : ENOMEM;

	if (!error && fit_somehow(&l, width)) {
		error = print_table(&l, to);
	} else if (!error) {
		report_lines(l.row, l.rows, width, to);
		fputc('\n', to);
	}
	free(row);
	return error;
}
