/* The table of --stats. See report_table.h. */
#include "report/report_table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>

#include "print/text.h"

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

static struct libscols_table *new_table(void)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	/* File names are escaped already; the library would escape them again. */
	scols_table_enable_noencoding(table, 1);
	for (int i = 0; i < COLUMNS; i++) {
		int flags = i < CALLS ? 0 : SCOLS_FL_RIGHT;

		if (!scols_table_new_column(table, headings[i], 0, flags))
			goto failed;
	}
	return table;
failed:
	scols_unref_table(table);
	return NULL;
}

static int set_counts(struct libscols_line *line, const struct counts *c)
{
	char text[TEXT_NUMBER];
	int bad = scols_line_set_data(line, CALLS, text_count(counts_calls(c), text));

	for (size_t way = 0; way < RECORD_WAYS; way++)
		bad |= scols_line_set_data(line, UNTOUCHED + way, text_count(c->calls[way], text));
	bad |= scols_line_set_data(line, BYTES, text_size(counts_bytes(c), text));
	bad |= scols_line_set_data(line, COPIED, text_size(c->copied, text));
	bad |= scols_line_set_data(line, BUFFERED, text_size(c->buffered, text));
	bad |= scols_line_set_data(line, COPY_TIME, text_time(c->copy_ns, text));
	return bad ? ENOMEM : 0;
}

static int table_add_line(struct libscols_table *table, const char *name, const char *direction,
			  const struct counts *c)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line || scols_line_set_data(line, FILE_NAME, name) ||
	    scols_line_set_data(line, DIR, direction))
		return ENOMEM;
	return set_counts(line, c);
}

/* Adds a line for each direction of a file, the one with more bytes first. */
static int add_file(struct libscols_table *table, const struct counted_file *f)
{
	int first = counts_bytes(&f->counts[RECORD_WRITE]) > counts_bytes(&f->counts[RECORD_READ])
			    ? RECORD_WRITE
			    : RECORD_READ;
	char name[TEXT_NAME];
	int error = 0;

	text_file(f->path, f->device, f->inode, "", name);
	for (int i = 0; i < RECORD_DIRECTIONS && !error; i++) {
		int dir = i ? !first : first;

		if (counts_calls(&f->counts[dir]))
			error = table_add_line(table, name, direction_names[dir], &f->counts[dir]);
	}
	return error;
}

static int add_total(struct libscols_table *table, const struct counted *c)
{
	struct counts total = counted_total(c);

	return table_add_line(table, "total", "", &total);
}

int report_table(const struct counted *c, FILE *to)
{
	struct libscols_table *table = new_table();
	int error = table ? 0 : ENOMEM;

	for (size_t i = 0; i < c->files && !error; i++)
		error = add_file(table, &c->file[i]);
	if (!error)
		error = add_total(table, c);
	if (!error) {
		scols_table_set_stream(table, to);
		error = -scols_print_table(table);
		fputc('\n', to);
	}
	scols_unref_table(table);
	return error;
}
