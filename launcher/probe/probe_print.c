/*
 * The table of --probe. See probe_print.h. Notes are below it, since they are sentences: in a column there would be no
 * room for them.
 */
#include "probe/probe_print.h"

#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "print/errno_names.h"
#include "print/message.h"
#include "print/screen.h"
#include "print/text.h"

enum { CELL = 2 * ERRNO_NAME + 64, PATH_LEAST = 8 };

static const char *number(int64_t n, const char *unknown, char text[CELL])
{
	if (n == PROBE_UNKNOWN)
		return unknown;
	snprintf(text, CELL, "%" PRId64, n);
	return text;
}

static const char *sectors(const struct probe *p, char text[CELL])
{
	if (p->sector == p->physical_sector || p->physical_sector == PROBE_UNKNOWN)
		return number(p->sector, "-", text);
	snprintf(text, CELL, "%" PRId64 "/%" PRId64, p->sector, p->physical_sector);
	return text;
}

static const char *atomic_units(const struct probe *p, char text[CELL])
{
	if (p->atomic_min == PROBE_UNKNOWN)
		return "-";
	if (!p->atomic_max)
		return "none";
	snprintf(text, CELL, "%" PRId64 "-%" PRId64 "/%" PRId64, p->atomic_min, p->atomic_max,
		 p->atomic_segments);
	return text;
}

static const char *misaligned(const struct probe *p, char text[CELL])
{
	char room[2][ERRNO_NAME];
	const char *address = probe_word(&p->address, room[0]);
	const char *offset = probe_word(&p->offset, room[1]);

	if (p->refused)
		return "refused";
	if (!address || !offset)
		return "not tried";
	/* Two lines: scols_wrapnl_nextchunk() below. */
	if (!strcmp(address, offset))
		snprintf(text, CELL, "%s", address);
	else
		snprintf(text, CELL, "address %s,\noffset %s", address, offset);
	return text;
}

static const char *cell(const struct probe *p, int column, char text[CELL])
{
	const char *unknown = p->refused ? "refused" : "unknown";

	switch (column) {
	case 0:
		return p->path;
	case 1:
		return p->filesystem ? p->filesystem : "-";
	case 2:
		return number(p->block, "-", text);
	case 3:
		return sectors(p, text);
	case 4:
		return number(p->mem_align, unknown, text);
	case 5:
		return number(p->offset_align, unknown, text);
	case 6:
		return number(p->read_offset_align, "-", text);
	case 7:
		return atomic_units(p, text);
	default:
		return misaligned(p, text);
	}
}

static const struct {
	const char *heading;
	int flags;
} columns[] = {
	{ "PATH", 0 },
	{ "FS", 0 },
	{ "BLOCK", SCOLS_FL_RIGHT },
	{ "SECTOR", SCOLS_FL_RIGHT },
	{ "ADDRESS", SCOLS_FL_RIGHT },
	{ "OFFSET", SCOLS_FL_RIGHT },
	{ "READ", SCOLS_FL_RIGHT },
	{ "ATOMIC", SCOLS_FL_RIGHT },
	{ "MISALIGNED", SCOLS_FL_WRAP },
};

enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

/* Returns the width of a column. A cell of two lines is as wide as the wider one. */
static size_t column_width(const struct probe *probes, int count, int column)
{
	size_t width = strlen(columns[column].heading);
	char text[CELL], line[CELL];

	for (int i = 0; i < count; i++) {
		const char *at = cell(&probes[i], column, text);

		while (*at) {
			size_t len = strcspn(at, "\n"), wide;

			snprintf(line, sizeof(line), "%.*s", (int)len, at);
			wide = screen_columns(line);
			width = wide > width ? wide : width;
			at += len + (at[len] == '\n');
		}
	}
	return width;
}

/* Returns what the other columns leave for the paths. */
static size_t path_room(const struct probe *probes, int count, size_t width)
{
	size_t others = 0;

	for (int c = 1; c < COLUMNS; c++)
		others += 1 + column_width(probes, count, c);
	return width > others + PATH_LEAST ? width - others : PATH_LEAST;
}

/* Returns a path as the table and the notes have it, to be freed. */
static char *path_text(const char *path, size_t width)
{
	char *text = alloc_zeroed(4, strlen(path) + 1);

	text_escape(path, strlen(path), "", text);
	if (width)
		screen_shorten(text, width);
	return text;
}

static bool fill_line(struct libscols_line *line, const struct probe *p, size_t room)
{
	char *path = path_text(p->path, room);
	char text[CELL];
	int bad = !line || scols_line_set_data(line, 0, path);

	for (int c = 1; c < COLUMNS && !bad; c++)
		bad = scols_line_set_data(line, (size_t)c, cell(p, c, text));
	free(path);
	return !bad;
}

static bool fill_table(struct libscols_table *table, const struct probe *probes, int count)
{
	size_t width = screen_width(stdout);
	size_t room = width ? path_room(probes, count, width) : 0;
	bool good = true;

	scols_table_enable_noencoding(table, 1); /* it is escaped */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (int c = 0; c < COLUMNS && good; c++) {
		struct libscols_column *column =
			scols_table_new_column(table, columns[c].heading, 0, columns[c].flags);

		good = column && (columns[c].flags != SCOLS_FL_WRAP ||
				  !scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
							     scols_wrapnl_nextchunk, NULL));
	}
	for (int i = 0; i < count && good; i++)
		good = fill_line(scols_table_new_line(table, NULL), &probes[i], room);
	return good;
}

static void print_notes(const struct probe *probes, int count)
{
	for (int i = 0; i < count; i++) {
		char *path, *text;

		if (!*probes[i].note)
			continue;
		path = path_text(probes[i].path, 0);
		text = alloc_format("%s: %s", path, probes[i].note);
		screen_print(stdout, text, screen_width(stdout), 2);
		free(text);
		free(path);
	}
}

static bool print_table(const struct probe *probes, int count)
{
	struct libscols_table *table = count ? scols_new_table() : NULL;
	bool good = !count;

	if (table) {
		scols_table_set_stream(table, stdout);
		good = fill_table(table, probes, count) && !scols_print_table(table);
		putchar('\n');
		print_notes(probes, count);
	}
	scols_unref_table(table);
	return good;
}

bool probe_print(const struct probe *probes, int count, bool json)
{
	errno = ENOMEM;
	if (json ? probe_print_json(probes, count) : print_table(probes, count))
		return true;
	message("cannot print the result: %s", strerror(errno));
	return false;
}
