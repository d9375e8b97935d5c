/* The report as text and as JSON, and --report=FILE. See report.h. */
#include "report/report.h"

#include <errno.h>
#include <string.h>

#include "print/screen.h"
#include "report/record_map.h"
#include "report/refused_files.h"
#include "report/report_table.h"
#include "report/trace.h"

/* Prints the document, indented, and frees it. Returns 0 or an errno. */
static int dump(json_t *document, FILE *to)
{
	int bad = !document || json_dumpf(document, to, JSON_INDENT(2)) || fputc('\n', to) == EOF;

	json_decref(document);
	return bad ? ENOMEM : 0;
}

static int print_json(const struct counted *c, const struct verdict_about *about,
		      const struct verdict *v, json_t *trace, FILE *to)
{
	json_t *document = report_json(c, about, v);

	if (trace)
		json_object_set_new(document, "trace", trace);
	return dump(document, to);
}

static int print_text(const struct counted *c, const struct verdict *v, FILE *to)
{
	struct counts total = counted_total(c);
	size_t width = screen_width(to);
	int error = counts_calls(&total) ? report_table(c, width, to) : 0;

	for (int i = 0; i < v->lines; i++)
		screen_print(to, v->line[i], width, 2);
	return error;
}

/* `trace`, if not NULL, becomes a member of the JSON document; it is NULL for text. */
static int print(const struct counted *c, const struct verdict_about *about, json_t *trace,
		 FILE *to, bool json)
{
	struct verdict v;
	int error;

	verdict_make(c, about, &v);
	error = json ? print_json(c, about, &v, trace, to) : print_text(c, &v, to);
	if (fflush(to) && !error)
		error = errno;
	return error ? error : ferror(to) ? EIO : 0;
}

int report_print(const struct record *rec, const struct verdict_about *about, FILE *to, bool json)
{
	struct counted c;
	int error = counted_take(rec, &c);

	if (error)
		return error;
	error = print(&c, about, NULL, to, json);
	counted_free(&c);
	return error;
}

void report_left(const struct verdict_about *about, FILE *to, bool json)
{
	char line[VERDICT_LINE];
	json_t *object;

	if (!json) {
		verdict_left(about, line);
		fprintf(to, "# %s\n", line);
		return;
	}
	object = json_pack("{s:I, s:s?}", "processes_left", (json_int_t)about->left, "record",
			   about->record);
	if (object)
		json_dumpf(object, to, JSON_COMPACT);
	fputc('\n', to);
	json_decref(object);
}

/*
 * A file that was used for DIOSHIM_TRACE alone has no counts: then only its calls are printed, and which files were
 * refused.
 */
static int print_all(const struct record *rec, FILE *to, bool json)
{
	bool traced = atomic_load_explicit(&rec->calls, memory_order_relaxed);
	struct counted c;
	int error = counted_take(rec, &c);

	if (error)
		return error;
	if (traced && !json)
		trace_print(rec, to);
	if (json || c.files || c.lost || c.io_urings || refused_files_any(&c) || !traced)
		error = print(&c, NULL, json && traced ? trace_array(rec) : NULL, to, json);
	counted_free(&c);
	return error;
}

int report_file(const char *path, FILE *to, bool json)
{
	struct record *rec = record_map_open(path);
	int error;

	if (!rec)
		return 125;
	error = print_all(rec, to, json);
	record_map_close(rec);
	if (error)
		fprintf(stderr, "dioshim: cannot print the report of %s: %s\n", path,
			strerror(error));
	return error ? 125 : 0;
}
