/*
 * The lines of --stats=SECONDS, one for each interval. As text:
 *
 *   12.0 s: 1,204 calls (1,000 untouched, 204 bounced), 4.7M (3.9M untouched, 816K bounced),
 *   4.9 MB/s, 17% changed
 *
 * on one line. Ways without calls are left out. An MB is 1000000 bytes; the share is that of the
 * bytes that were not moved by untouched calls. As JSON, one object on each line: elapsed_ns,
 * interval_ns, and calls and bytes as in report_json.c.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/counts.h"
#include "report/report_table.h"
#include "print/json.h"
#include "print/text.h"

/* The numbers of one line. */
struct interval {
	uint64_t elapsed_ns, ns;
	uint64_t calls[RECORD_WAYS], bytes[RECORD_WAYS];
	uint64_t all_calls, all_bytes;
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
	counts_ways(rec, tick->calls, tick->bytes);
}

/* Returns the counts since the last line, and makes now the time of the last line. */
static struct interval advance(struct report_tick *tick, const struct record *rec)
{
	struct report_tick now = { .started_ns = tick->started_ns, .last_ns = clock_now() };
	struct interval in = { 0 };

	counts_ways(rec, now.calls, now.bytes);
	in.elapsed_ns = now.last_ns - now.started_ns;
	in.ns = now.last_ns - tick->last_ns;
	for (int way = 0; way < RECORD_WAYS; way++) {
		in.calls[way] = now.calls[way] - tick->calls[way];
		in.bytes[way] = now.bytes[way] - tick->bytes[way];
		in.all_calls += in.calls[way];
		in.all_bytes += in.bytes[way];
	}
	*tick = now;
	return in;
}

/* Prints " (3.9M untouched, 816K bounced)"; nothing if all are 0. */
static void print_ways(const uint64_t ways[RECORD_WAYS],
		       const char *(*text)(uint64_t, char[TEXT_NUMBER]), FILE *line)
{
	char number[TEXT_NUMBER];
	const char *before = " (";

	for (int way = 0; way < RECORD_WAYS; way++) {
		if (!ways[way])
			continue;
		fprintf(line, "%s%s %s", before, text(ways[way], number), way_names[way]);
		before = ", ";
	}
	if (*before == ',')
		fputc(')', line);
}

static void print_text(const struct interval *in, FILE *line)
{
	char number[2 * TEXT_NUMBER], size[TEXT_NUMBER], share[TEXT_NUMBER];
	double rate = in->ns ? (double)in->all_bytes * 1e3 / (double)in->ns : 0;

	fprintf(line, "%.1f s: %s", (double)in->elapsed_ns / 1e9,
		text_counted(in->all_calls, "call", number, sizeof(number)));
	print_ways(in->calls, text_count, line);
	fprintf(line, ", %s", text_bytes(in->all_bytes, size));
	print_ways(in->bytes, text_bytes, line);
	fprintf(line, ", %.1f MB/s, %s changed\n", rate,
		text_share(in->all_bytes - in->bytes[WAY_UNTOUCHED], in->all_bytes, share));
}

static void print_json(const struct interval *in, FILE *line)
{
	json_t *object = json_pack("{s:o, s:o, s:o, s:o}", "elapsed_ns", json_count(in->elapsed_ns),
				   "interval_ns", json_count(in->ns), "calls",
				   json_ways(in->calls, in->all_calls), "bytes",
				   json_ways(in->bytes, in->all_bytes));

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
		print_text(&in, line);
	/* With one write: the program may write to the same terminal. */
	if (!fclose(line))
		fwrite(text, 1, size, to);
	free(text);
	fflush(to);
}
