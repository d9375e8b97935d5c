/*
 * The lines of --stats=SECONDS, one for each interval. As text:
 *
 *   12.0 s: 1,204 calls (1,000 untouched, 204 bounced), 4.7M (3.9M untouched, 816K bounced), 4.6M/s;
 *   83% moved directly, 816K copied, 0 bytes through the page cache
 *
 * on one line, or on as many as the terminal needs. Ways without calls are left out. The words and figures are those of
 * the report (report_table.c, verdict.c). As JSON, one object on each line: elapsed_ns, interval_ns, and calls, bytes,
 * copied, copy_ns and buffered as in report_json.c.
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/counts.h"
#include "report/report_table.h"
#include "print/json.h"
#include "print/screen.h"
#include "print/text.h"

/* The numbers of one line. */
struct interval {
	uint64_t elapsed_ns, ns;
	struct counts counts;
};

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void report_tick_start(struct report_tick *tick, const struct record *rec)
{
	tick->started_ns = tick->last_ns = clock_now();
	tick->total = counts_of_record(rec);
}

/* A call that met a window is counted differently afterwards (record_met_window()), so a count can also become less. */
static uint64_t grown(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

/* Returns the counts since the last line, and makes now the time of the last line. */
static struct interval advance(struct report_tick *tick, const struct record *rec)
{
	struct report_tick now = { .started_ns = tick->started_ns, .last_ns = clock_now() };
	struct interval in = { 0 };
	struct counts *c = &in.counts;

	now.total = counts_of_record(rec);
	in.elapsed_ns = now.last_ns - now.started_ns;
	in.ns = now.last_ns - tick->last_ns;
	for (int way = 0; way < RECORD_WAYS; way++) {
		c->calls[way] = grown(tick->total.calls[way], now.total.calls[way]);
		c->bytes[way] = grown(tick->total.bytes[way], now.total.bytes[way]);
	}
	c->copied = grown(tick->total.copied, now.total.copied);
	c->copy_ns = grown(tick->total.copy_ns, now.total.copy_ns);
	c->buffered = grown(tick->total.buffered, now.total.buffered);
	*tick = now;
	return in;
}

static void print_bytes(const struct counts *c, FILE *line)
{
	char size[TEXT_NUMBER];
	const char *before = " (";

	fprintf(line, ", %s", text_bytes(counts_bytes(c), size));
	for (int way = 0; way < RECORD_WAYS; way++) {
		if (!c->bytes[way])
			continue;
		fprintf(line, "%s%s %s", before, text_bytes(c->bytes[way], size), way_names[way]);
		before = ", ";
	}
	if (*before == ',')
		fputc(')', line);
}

static void print_text(const struct interval *in, size_t width, FILE *to)
{
	const struct counts *c = &in->counts;
	char share[TEXT_NUMBER], copied[TEXT_NUMBER], buffered[TEXT_NUMBER], rate[TEXT_NUMBER];
	uint64_t bytes = counts_bytes(c);
	double second = in->ns ? (double)bytes * 1e9 / (double)in->ns : 0;
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	fprintf(line, "%.1f s: ", (double)in->elapsed_ns / 1e9);
	lines_ways(c, line);
	print_bytes(c, line);
	fprintf(line, ", %s/s", text_bytes((uint64_t)second, rate));
	if (bytes)
		fprintf(line, "; %s moved directly, %s copied, %s through the page cache",
			text_share(counts_direct(c), bytes, share), text_bytes(c->copied, copied),
			text_bytes(c->buffered, buffered));
	if (!fclose(line))
		screen_print(to, text, width, 2);
	free(text);
}

static void print_json(const struct interval *in, FILE *line)
{
	const struct counts *c = &in->counts;
	json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "elapsed_ns",
				   json_count(in->elapsed_ns), "interval_ns", json_count(in->ns),
				   "calls", json_ways(c->calls, counts_calls(c)), "bytes",
				   json_ways(c->bytes, counts_bytes(c)), "copied",
				   json_count(c->copied), "copy_ns", json_count(c->copy_ns),
				   "buffered", json_count(c->buffered));

	if (object)
		json_dumpf(object, line, JSON_COMPACT);
	fputc('\n', line);
	json_decref(object);
}

void report_tick(struct report_tick *tick, const struct record *rec, FILE *to, bool json)
{
	struct interval in = advance(tick, rec);
	char *text = NULL;
	size_t size;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	if (json)
		print_json(&in, line);
	else
		print_text(&in, screen_width(to), line);
	/* With one write: the program may write to the same terminal. */
	if (!fclose(line))
		fwrite(text, 1, size, to);
	free(text);
	fflush(to);
}
