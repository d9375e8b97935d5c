/*
 * What to change in the program, in sentences. See verdict.h. The files for which the same is to be said have one
 * sentence together: those with the same alignment and the same thing misaligned, in one direction.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "print/text.h"
#include "report/verdict.h"

enum kind { REFUSED, NOT_DIRECT, ADDRESS, LENGTH, OFFSET, KINDS };

/* Files for which the same is to be said. */
struct group {
	enum kind kind;
	enum record_direction direction;
	uint32_t align; /* the alignment in question; 0: unknown, or in no question */
	uint64_t files;
	bool at_least;	      /* or more files */
	struct counts counts; /* of all of them */
	uint64_t calls;	      /* those in question */
	const struct counted_file
		*first; /* the most costly of them; NULL: only files without an entry */
	uint64_t first_ns;
};

/* A group, and the words for it. */
struct subject {
	const struct group *group;
	const struct counts *counts;
	const char *call;    /* "read", "write" */
	char multiple[80];   /* "a multiple of 512 bytes", or where to find the number */
	char aligned_to[80]; /* "to 512 bytes", or the like, for memory */
	struct advice *advice;
};

__attribute__((format(printf, 3, 4))) static void advice_add(struct subject *s, uint64_t cost_ns,
							     const char *format, ...)
{
	struct advice *advice = s->advice;
	va_list arguments;

	advice->cost_ns = cost_ns;
	va_start(arguments, format);
	vsnprintf(advice->text, sizeof(advice->text), format, arguments);
	va_end(arguments);
}

/* "/data/x", "/data/x and 3 other files" */
static const char *name_files(const struct group *g, char text[VERDICT_LINE])
{
	char name[TEXT_NAME], number[2 * TEXT_NUMBER];
	uint64_t others = g->files - (g->first != NULL);
	const char *over = g->at_least ? "over " : "";

	text_counted(others, "other file", number, sizeof(number));
	if (!g->first) {
		snprintf(text, VERDICT_LINE, "%s%s", over, number);
		return text;
	}
	text_file(g->first->path, g->first->device, g->first->inode, "", name);
	if (others)
		snprintf(text, VERDICT_LINE, "%s and %s%s", name, over, number);
	else
		snprintf(text, VERDICT_LINE, "%s", name);
	return text;
}

/* "1,204 writes to /data/x" */
static const char *calls_on(const struct subject *s, uint64_t n, char text[VERDICT_LINE])
{
	char number[TEXT_NUMBER + 8], files[VERDICT_LINE];

	snprintf(text, VERDICT_LINE, "%s %s %.1400s",
		 text_counted(n, s->call, number, sizeof(number)), *s->call == 'r' ? "of" : "to",
		 name_files(s->group, files));
	return text;
}

static void say_refused(struct subject *s)
{
	uint64_t n = s->group->calls;
	char calls[VERDICT_LINE];

	advice_add(s, REFUSED_NS + n, "%.1200s still failed with EINVAL; --trace shows %s.",
		   calls_on(s, n, calls), n == 1 ? "it" : "them");
}

/* Nothing that the program could do about alignment would help. */
static void say_not_direct(struct subject *s)
{
	uint64_t n = s->group->calls;
	char calls[VERDICT_LINE];

	advice_add(s, n * PARTIAL_NS,
		   "%.1200s: the file system refused direct I/O at every alignment (see dioshim "
		   "--probe PATH), so %s "
		   "the page cache, or failed.",
		   calls_on(s, n, calls), n == 1 ? "it used" : "they used");
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
	char calls[VERDICT_LINE], how[96];

	advice_add(s, s->counts->copy_ns,
		   "%.1200s used a misaligned buffer%s: align "
		   "buffers %s, for example with posix_memalign(3).",
		   calls_on(s, s->group->calls, calls), copied(s->counts, how), s->aligned_to);
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
	int count = main_tails(c);
	char calls[VERDICT_LINE], list[160], how[96] = "";
	uint64_t ended;

	if (!c->misaligned[0])
		copied(c, how);
	if (!count) {
		advice_add(s, edges_cost(c), "%.1200s had a misaligned length%s: %s %s.",
			   calls_on(s, s->group->calls, calls), how, remedy(s), s->multiple);
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
	char calls[VERDICT_LINE], how[96] = "";

	if (!c->misaligned[0] && !c->misaligned[1])
		copied(c, how);
	advice_add(s, edges_cost(c),
		   "%.1200s of aligned length began at a misaligned offset%s: "
		   "begin at %s.",
		   calls_on(s, s->group->calls, calls), how, s->multiple);
}

static void name_alignments(struct subject *s)
{
	uint32_t align = s->group->align;
	uint32_t memory = align < sizeof(void *) ? sizeof(void *) : align;

	if (!align) {
		snprintf(s->multiple, sizeof(s->multiple),
			 "a multiple of the alignment that dioshim --probe shows");
		snprintf(s->aligned_to, sizeof(s->aligned_to), "as dioshim --probe shows");
		return;
	}
	snprintf(s->multiple, sizeof(s->multiple), "a multiple of %" PRIu32 " bytes", align);
	/* posix_memalign(3) accepts nothing below the size of a pointer. */
	snprintf(s->aligned_to, sizeof(s->aligned_to), "to %" PRIu32 " bytes", memory);
}

/* Returns how many calls on a file in one direction a sentence of that kind would be about. */
static uint64_t calls_of_kind(const struct counts *c, enum kind kind)
{
	switch (kind) {
	case REFUSED:
		return c->calls[WAY_REFUSED];
	case NOT_DIRECT:
		return c->not_direct;
	case ADDRESS:
		return c->misaligned[0];
	case LENGTH:
		return c->misaligned[1];
	default:
		return c->misaligned[2] > c->misaligned[1] ? c->misaligned[2] - c->misaligned[1]
							   : 0;
	}
}

static uint32_t alignment_of_kind(const struct counted_file *f, enum kind kind)
{
	return kind == ADDRESS			  ? f->mem_align
	       : kind == LENGTH || kind == OFFSET ? f->offset_align
						  : 0;
}

struct groups {
	struct group *group;
	size_t count;
};

static struct group *group_for(struct groups *all, const struct group *like)
{
	for (size_t i = 0; i < all->count; i++) {
		struct group *g = &all->group[i];

		if (g->kind == like->kind && g->direction == like->direction &&
		    g->align == like->align)
			return g;
	}
	all->group = alloc_room(all->group, all->count, sizeof(*all->group));
	all->group[all->count] = *like;
	return &all->group[all->count++];
}

/* `files`: how many `f` stands for, if it is not one file; 0: it is one. */
static void add_file(struct groups *all, const struct counted_file *f, uint64_t files,
		     bool at_least)
{
	for (int i = 0; i < RECORD_DIRECTIONS * KINDS; i++) {
		struct group like = { .kind = i % KINDS, .direction = i / KINDS };
		const struct counts *c = &f->counts[like.direction];
		uint64_t calls = calls_of_kind(c, like.kind), cost = counts_cost(c);
		struct group *g;

		if (!calls)
			continue;
		like.align = alignment_of_kind(f, like.kind);
		g = group_for(all, &like);
		g->files += files ? files : 1;
		g->at_least |= at_least;
		g->calls += calls;
		counts_add(&g->counts, c);
		if (!files && (!g->first || cost > g->first_ns)) {
			g->first = f;
			g->first_ns = cost;
		}
	}
}

static void say(const struct group *g, struct advice *advice)
{
	static void (*const sentences[KINDS])(struct subject *) = {
		say_refused, say_not_direct, say_address, say_length, say_offset,
	};
	struct subject s = { .group = g, .counts = &g->counts, .advice = advice };

	s.call = g->direction == RECORD_READ ? "read" : "write";
	name_alignments(&s);
	sentences[g->kind](&s);
}

static int costly_first(const void *one, const void *other)
{
	const struct advice *a = one, *b = other;

	return a->cost_ns < b->cost_ns ? 1 : a->cost_ns > b->cost_ns ? -1 : 0;
}

struct advice *advice_make(const struct counted *c, size_t *count)
{
	struct groups all = { 0 };
	struct advice *advice;

	for (size_t i = 0; i < c->files; i++)
		add_file(&all, &c->file[i], 0, false);
	if (c->lost)
		add_file(&all, &c->other, c->others, c->others_at_least);
	advice = alloc_zeroed(all.count + 1, sizeof(*advice));
	for (size_t i = 0; i < all.count; i++)
		say(&all.group[i], &advice[i]);
	free(all.group);
	qsort(advice, all.count, sizeof(*advice), costly_first);
	*count = all.count;
	return advice;
}
