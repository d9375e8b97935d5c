/* The verdict on the counts of all files. See verdict.h. */
#include "report/verdict.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print/text.h"
#include "report/refused_files.h"

__attribute__((format(printf, 2, 3))) static void verdict_add(struct verdict *v, const char *format,
							      ...)
{
	va_list arguments;

	if (v->lines == VERDICT_LINES)
		return;
	va_start(arguments, format);
	vsnprintf(v->line[v->lines++], VERDICT_LINE, format, arguments);
	va_end(arguments);
}

static bool alignments_known(const struct counted *c)
{
	for (size_t i = 0; i < c->files; i++)
		if (!c->file[i].offset_align)
			return false;
	return true;
}

static bool misaligned(const struct counts *c)
{
	for (int bit = 0; bit < RECORD_MISALIGNED; bit++)
		if (c->misaligned[bit])
			return true;
	return false;
}

/* For a program of which no call was seen. That it opened files directly, or tried to, says more. */
static void say_none(struct verdict *v, const struct counted *c)
{
	char number[2 * TEXT_NUMBER];

	if (c->opened)
		verdict_add(
			v,
			"%s with O_DIRECT, but no read or write on %s, was seen. The program "
			"made none, or in a way that the shim does not see (see dioshim --check "
			"COMMAND), or checks the alignment itself.",
			text_counted(c->opened, "open", number, sizeof(number)),
			c->opened == 1 ? "it" : "them");
	else if (!c->not_opened)
		verdict_add(v, "No call on an O_DIRECT descriptor was seen: the program does not "
			       "use O_DIRECT, or is out of the shim's reach (see dioshim --check "
			       "COMMAND).");
}

static void say_not_opened(struct verdict *v, uint64_t opens)
{
	char number[2 * TEXT_NUMBER];

	verdict_add(v,
		    "%s with O_DIRECT failed with EINVAL, as where the file system does not "
		    "support direct I/O (see dioshim --probe PATH).",
		    text_counted(opens, "open", number, sizeof(number)));
}

/*
 * For a program of which no call was changed. That all were aligned is certain only if the files' alignments are
 * known. That it needs no shim is certain only if it has also done what it should.
 */
static void say_untouched(struct verdict *v, const struct counted *c, const struct counts *total,
			  const struct verdict_about *about)
{
	uint64_t taken = total->calls[WAY_UNTOUCHED];
	const char *but = total->calls[WAY_FAILED] ? " that did not fail" : "";
	const char *were = taken == 1 ? "was" : "were";
	const char *which = taken == 1 ? "The " : "All ";
	bool well = about && about->ended && !about->status;
	bool aligned = !c->lost && !misaligned(total) && alignments_known(c);
	char number[2 * TEXT_NUMBER];

	text_counted(taken, "call", number, sizeof(number));
	if (!taken)
		verdict_add(v, "No call succeeded.");
	else if (aligned)
		verdict_add(v, "%s%s%s %s aligned%s.", which, number, but, were,
			    well ? ": this program does not need dioshim" : "");
	else if (c->lost || misaligned(total) || !well)
		verdict_add(v, "%s%s%s %s accepted unchanged.", which, number, but, were);
	else
		verdict_add(v,
			    "%s%s%s %s accepted by the kernel unchanged: on these files this "
			    "program does not need dioshim.",
			    which, number, but, were);
	if (about && about->ended && about->status)
		verdict_add(
			v,
			"It ended with status %d. If that is because of an alignment, it checks "
			"alignments itself, or moves data in a way that the shim does not see.",
			about->status);
}

/* Bytes that were not moved directly were copied, buffered, or both. */
static void say_share(struct verdict *v, const struct counts *total)
{
	uint64_t bytes = counts_bytes(total);
	uint64_t aside = total->copied + total->buffered;
	uint64_t direct = aside < bytes ? bytes - aside : 0;
	char size[TEXT_NUMBER], share[TEXT_NUMBER], copied[TEXT_NUMBER], buffered[TEXT_NUMBER];

	if (!bytes) {
		verdict_add(v, "No bytes were moved.");
		return;
	}
	verdict_add(v,
		    "%s of %s moved directly to or from the program's buffers; %s copied, %s "
		    "through the page cache.",
		    text_share(direct, bytes, share), text_bytes(bytes, size),
		    text_bytes(total->copied, copied), text_bytes(total->buffered, buffered));
	v->line[v->lines - 1][0] = (char)toupper((unsigned char)share[0]);
}

static int costly_first(const void *one, const void *other)
{
	const struct advice *a = one, *b = other;

	if (a->cost_ns != b->cost_ns)
		return a->cost_ns < b->cost_ns ? 1 : -1;
	return a->file < b->file ? -1 : a->file > b->file;
}

/* Adds the advice, which is sorted by cost, up to `room` lines in all. */
static void say_advice(struct verdict *v, const struct advice *advice, size_t count, int room)
{
	for (size_t i = 0; i < count && v->lines < room; i++) {
		int of_file = 0;

		for (size_t j = 0; j < i; j++)
			of_file += advice[j].file == advice[i].file;
		if (of_file < VERDICT_OF_FILE)
			verdict_add(v, "%s", advice[i].text);
	}
}

static void say_files(struct verdict *v, const struct counted *c, int room)
{
	struct advice *all = calloc(c->files * ADVICE_MOST + 1, sizeof(*all));
	size_t count = 0;

	if (!all)
		return;
	for (size_t i = 0; i < c->files; i++) {
		int n = verdict_file(&c->file[i], all + count);

		for (; n > 0; n--)
			all[count++].file = i;
	}
	qsort(all, count, sizeof(*all), costly_first);
	say_advice(v, all, count, room);
	free(all);
}

static void say_failed(struct verdict *v, uint64_t failed)
{
	char number[2 * TEXT_NUMBER];

	verdict_add(v, "%s failed for reasons other than alignment.",
		    text_counted(failed, "call", number, sizeof(number)));
}

static void say_lost(struct verdict *v, uint64_t lost)
{
	char number[2 * TEXT_NUMBER], files[TEXT_NUMBER];

	verdict_add(v, "%s on other files %s not counted: a record file has room for %s files.",
		    text_counted(lost, "call", number, sizeof(number)), lost == 1 ? "was" : "were",
		    text_count(RECORD_FILES, files));
}

static void say_refused_files(struct verdict *v, const struct counted *c)
{
	char sentence[VERDICT_LINE - 1];

	if (!refused_files(c, sentence, sizeof(sentence)))
		return;
	sentence[0] = (char)toupper((unsigned char)sentence[0]);
	verdict_add(v, "%s.", sentence);
}

static void say_io_urings(struct verdict *v, uint64_t rings)
{
	char number[2 * TEXT_NUMBER];

	verdict_add(v,
		    "%s %s set up. The shim does not see what is moved through %s: with "
		    "--no-io-uring many programs use other calls.",
		    text_counted(rings, "io_uring", number, sizeof(number)),
		    rings == 1 ? "was" : "were", rings == 1 ? "it" : "them");
}

void verdict_make(const struct counted *c, const struct verdict_about *about, struct verdict *v)
{
	struct counts total = counted_total(c);
	uint64_t calls = counts_calls(&total);
	uint64_t changed = calls - total.calls[WAY_UNTOUCHED] - total.calls[WAY_FAILED];
	uint64_t failed = total.calls[WAY_FAILED];
	const char *unseen = about ? about->unseen : NULL;
	int reserved = !!failed + !!c->lost + !!c->not_opened + (unseen || c->io_urings);

	v->lines = 0;
	if (!calls && !c->lost)
		say_none(v, c);
	else if (!changed && calls)
		say_untouched(v, c, &total, about);
	else if (calls)
		say_share(v, &total);
	say_refused_files(v, c);
	say_files(v, c, VERDICT_LINES - reserved);
	if (failed)
		say_failed(v, failed);
	if (c->lost)
		say_lost(v, c->lost);
	if (c->not_opened)
		say_not_opened(v, c->not_opened);
	if (c->io_urings)
		say_io_urings(v, c->io_urings);
	else if (unseen)
		verdict_add(v, "The program can also use %s.", unseen);
}
