/*
 * See report_table.h. The counts in words, where a table does not fit the terminal:
 *
 *   /data/x
 *     write: 1,216 calls (1,204 partial, 12 refused), 1.1M; 576K through the page cache
 *   and 9,980 more
 *     1,204 calls (1,204 untouched), 4.7M
 *
 * Each line is split at spaces if need be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print/screen.h"
#include "print/text.h"
#include "report/report_table.h"

void lines_ways(const struct counts *c, FILE *line)
{
	char number[2 * TEXT_NUMBER];
	const char *before = " (";

	fputs(text_counted(counts_calls(c), "call", number, sizeof(number)), line);
	for (int way = 0; way < RECORD_WAYS; way++) {
		if (!c->calls[way])
			continue;
		fprintf(line, "%s%s %s", before, text_count(c->calls[way], number), way_names[way]);
		before = ", ";
	}
	if (*before == ',')
		fputc(')', line);
}

static void print_counts(const struct counts *c, FILE *line)
{
	char size[TEXT_NUMBER], time[TEXT_NUMBER];

	lines_ways(c, line);
	fprintf(line, ", %s", text_bytes(counts_bytes(c), size));
	if (c->copied)
		fprintf(line, "; %s copied in %s", text_bytes(c->copied, size),
			text_time(c->copy_ns, time));
	if (c->buffered)
		fprintf(line, "; %s through the page cache", text_bytes(c->buffered, size));
}

static void print_indented(const struct row *row, size_t width, FILE *to)
{
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	fprintf(line, "  %s%s", row->direction, *row->direction ? ": " : "");
	print_counts(&row->counts, line);
	if (!fclose(line))
		screen_print(to, text, width, 4);
	free(text);
}

void report_lines(const struct row *row, size_t rows, size_t width, FILE *to)
{
	char name[TEXT_NAME];

	for (size_t i = 0; i < rows; i++) {
		if (!i || strcmp(row[i].name, row[i - 1].name) != 0) {
			snprintf(name, sizeof(name), "%s", row[i].name);
			screen_shorten(name, width);
			fprintf(to, "%s\n", name);
		}
		print_indented(&row[i], width, to);
	}
}
