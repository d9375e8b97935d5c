/* The verdict on one file. See verdict.h. */
#include "report/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "print/text.h"

/*
 * The extra time of a call that used the page cache, an estimate for sorting: 64 KiB with two edges
 * took 375 us, aligned 143 us (doc/design.md). The time of copies is measured instead. Refused
 * calls always come before slow ones.
 */
#define PARTIAL_NS UINT64_C(200000)
#define REFUSED_NS (UINT64_C(1) << 62)

/* One file in one direction, and the words for it. */
struct subject {
	const struct counted_file *file;
	const struct counts *counts;
	const char *call; /* "read", "write" */
	char name[TEXT_NAME];
	char multiple[80];   /* "a multiple of 512 bytes", or where to find the number */
	char aligned_to[80]; /* "to 512 bytes", or the like, for memory */
	struct advice *advice;
	int advices;
};

__attribute__((format(printf, 3, 4))) static void advice_add(struct subject *s, uint64_t cost_ns,
							     const char *format, ...)
{
	struct advice *advice = &s->advice[s->advices++];
	va_list arguments;

	advice->cost_ns = cost_ns;
	va_start(arguments, format);
	vsnprintf(advice->text, sizeof(advice->text), format, arguments);
	va_end(arguments);
}

/* "1,204 writes to /data/x" */
static const char *calls_on(const struct subject *s, uint64_t n, char text[VERDICT_LINE])
{
	char number[TEXT_NUMBER + 8];

	snprintf(text, VERDICT_LINE, "%s %s %s", text_counted(n, s->call, number, sizeof(number)),
		 *s->call == 'r' ? "of" : "to", s->name);
	return text;
}

static void say_refused(struct subject *s)
{
	uint64_t n = s->counts->calls[WAY_REFUSED];
	char calls[VERDICT_LINE];

	if (n)
		advice_add(s, REFUSED_NS + n, "%.1200s still failed with EINVAL; --trace shows %s.",
			   calls_on(s, n, calls), n == 1 ? "it" : "them");
}

/* " (12M copied, 0.8 s)" */
static const char *copied(const struct counts *c, char text[96])
{
	char size[TEXT_NUMBER], time[TEXT_NUMBER];

	*text = 0;
	if (c->copied)
		snprintf(text, 96, " (%s copied, %s)", text_bytes(c->copied, size),
			 text_time(c->copy_ns, time));
	return text;
}

static void say_address(struct subject *s)
{
	uint64_t n = s->counts->misaligned[0];
	char calls[VERDICT_LINE], how[96];

	if (n)
		advice_add(s, s->counts->copy_ns,
			   "%.1200s used a misaligned buffer%s: align "
			   "buffers %s, for example with posix_memalign(3).",
			   calls_on(s, n, calls), copied(s->counts, how), s->aligned_to);
}

/*
 * Returns how many of the most frequent tails make up 90% of the calls with a tail; 0 if that is
 * more than three.
 */
static int main_tails(const struct counts *c)
{
	uint64_t all = c->other_tails, some = 0;
	int n;

	for (n = 0; n < RECORD_TAILS; n++)
		all += c->tail[n].calls;
	for (n = 0; n < 3 && c->tail[n].calls; n++) {
		some += c->tail[n].calls;
		if (some >= all - all / 10)
			return n + 1;
	}
	return 0;
}

/*
 * Writes "100 bytes", "100 or 200 bytes", "100, 200 or 300 bytes". Returns the number of these
 * calls.
 */
static uint64_t tails(const struct counts *c, int count, char text[160])
{
	uint64_t calls = 0;
	int at = 0;

	for (int i = 0; i < count; i++) {
		const char *before = !i ? "" : i == count - 1 ? " or " : ", ";

		at += snprintf(text + at, 160 - (size_t)at, "%s%" PRIu64, before, c->tail[i].bytes);
		calls += c->tail[i].calls;
	}
	snprintf(text + at, 160 - (size_t)at, " byte%s",
		 count == 1 && c->tail[0].bytes == 1 ? "" : "s");
	return calls;
}

/* A writer has to pad its data; a reader can request more. */
static const char *remedy(const struct subject *s)
{
	return *s->call == 'r' ? "read" : "pad records to";
}

static uint64_t edges_cost(const struct counts *c)
{
	return c->calls[WAY_PARTIAL] * PARTIAL_NS + c->copy_ns;
}

static void say_length(struct subject *s)
{
	const struct counts *c = s->counts;
	int count = c->misaligned[1] ? main_tails(c) : 0;
	char calls[VERDICT_LINE], list[160], how[96] = "";
	uint64_t ended;

	if (!c->misaligned[1])
		return;
	if (!c->misaligned[0])
		copied(c, how);
	if (!count) {
		advice_add(s, edges_cost(c), "%.1200s had a misaligned length%s: %s %s.",
			   calls_on(s, c->misaligned[1], calls), how, remedy(s), s->multiple);
		return;
	}
	ended = tails(c, count, list);
	advice_add(s, edges_cost(c), "%.1200s ended %s after a block boundary%s: %s %s.",
		   calls_on(s, ended, calls), list, how, remedy(s), s->multiple);
}

/*
 * Consecutive records of misaligned lengths also begin at misaligned offsets, and the remedy is to
 * change their lengths. Only further calls with a misaligned offset get a sentence.
 */
static void say_offset(struct subject *s)
{
	const struct counts *c = s->counts;
	uint64_t own = c->misaligned[2] - c->misaligned[1];
	char calls[VERDICT_LINE], how[96] = "";

	if (c->misaligned[2] <= c->misaligned[1])
		return;
	if (!c->misaligned[0] && !c->misaligned[1])
		copied(c, how);
	advice_add(s, edges_cost(c),
		   "%.1200s of aligned length began at a misaligned offset%s: "
		   "begin at %s.",
		   calls_on(s, own, calls), how, s->multiple);
}

static void name_alignments(struct subject *s)
{
	const struct counted_file *f = s->file;
	uint32_t memory = f->mem_align < sizeof(void *) ? sizeof(void *) : f->mem_align;

	if (f->offset_align)
		snprintf(s->multiple, sizeof(s->multiple), "a multiple of %" PRIu32 " bytes",
			 f->offset_align);
	else
		snprintf(s->multiple, sizeof(s->multiple),
			 "a multiple of the alignment that dioshim --probe shows");
	if (f->mem_align) /* posix_memalign(3) accepts nothing below the size of a pointer */
		snprintf(s->aligned_to, sizeof(s->aligned_to), "to %" PRIu32 " bytes", memory);
	else
		snprintf(s->aligned_to, sizeof(s->aligned_to), "as dioshim --probe shows");
}

int verdict_file(const struct counted_file *f, struct advice advice[ADVICE_MOST])
{
	struct subject s = { .file = f, .advice = advice };

	text_file(f->path, f->device, f->inode, "", s.name);
	name_alignments(&s);
	for (int dir = 0; dir < RECORD_DIRECTIONS; dir++) {
		s.counts = &f->counts[dir];
		s.call = dir == RECORD_READ ? "read" : "write";
		say_refused(&s);
		say_address(&s);
		say_length(&s);
		say_offset(&s);
	}
	return s.advices;
}
