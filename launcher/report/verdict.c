/* The verdict on the counts of all files. See verdict.h. */
#include "report/verdict.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/uncovered.h"
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
	return !c->lost;
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
	bool aligned = !misaligned(total) && alignments_known(c);
	char number[2 * TEXT_NUMBER];

	text_counted(taken, "call", number, sizeof(number));
	if (!taken)
		verdict_add(v, "No call succeeded.");
	else if (aligned)
		verdict_add(v, "%s%s%s %s aligned%s.", which, number, but, were,
			    well ? ": this program does not need dioshim" : "");
	else if (misaligned(total) || !well)
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
	char size[TEXT_NUMBER], share[TEXT_NUMBER], copied[TEXT_NUMBER], buffered[TEXT_NUMBER];

	if (!bytes) {
		verdict_add(v, "No bytes were moved.");
		return;
	}
	verdict_add(v,
		    "%s of %s moved directly to or from the program's buffers; %s copied, %s "
		    "through the page cache.",
		    text_share(counts_direct(total), bytes, share), text_bytes(bytes, size),
		    text_bytes(total->copied, copied), text_bytes(total->buffered, buffered));
	v->line[v->lines - 1][0] = (char)toupper((unsigned char)share[0]);
}

/* Adds as much advice as there is room for, `room` lines in all. */
static void say_advice(struct verdict *v, const struct counted *c, int room)
{
	size_t count;
	struct advice *advice = advice_make(c, &count);

	for (size_t i = 0; i < count && v->lines < room; i++)
		verdict_add(v, "%s", advice[i].text);
	free(advice);
}

static void say_failed(struct verdict *v, uint64_t failed)
{
	char number[2 * TEXT_NUMBER];

	verdict_add(v, "%s failed for reasons other than alignment.",
		    text_counted(failed, "call", number, sizeof(number)));
}

static void say_lost(struct verdict *v, const struct counted *c)
{
	char number[2 * TEXT_NUMBER], calls[2 * TEXT_NUMBER], files[TEXT_NUMBER];

	verdict_add(v, "%s%s, with %s, %s only in the total: a record file has room for %s files.",
		    c->others_at_least ? "Over " : "",
		    text_counted(c->others, "file", number, sizeof(number)),
		    text_counted(c->lost, "call", calls, sizeof(calls)),
		    c->others == 1 ? "is" : "are", text_count(RECORD_FILES, files));
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

static void say_liburing(struct verdict *v)
{
	verdict_add(v, "The program can also use %s, which the shim does not see: %s.",
		    uncovered_name(UNCOVERED_IO_URING), uncovered_advice(UNCOVERED_IO_URING));
}

void verdict_left(const struct verdict_about *about, char line[VERDICT_LINE])
{
	bool one = about->left == 1;
	char number[TEXT_NUMBER];

	text_count(about->left, number);
	if (about->record)
		snprintf(line, VERDICT_LINE,
			 "%s %s: until %s, dioshim --report=%s also shows what %s from now on.",
			 number,
			 one ? "process of COMMAND still runs" : "processes of COMMAND still run",
			 one ? "it has ended" : "they have ended", about->record,
			 one ? "it does" : "they do");
	else
		snprintf(line, VERDICT_LINE, "%s %s; what %s from now on is not reported.", number,
			 one ? "process of COMMAND still runs" : "processes of COMMAND still run",
			 one ? "it does" : "they do");
}

void verdict_make(const struct counted *c, const struct verdict_about *about, struct verdict *v)
{
	struct counts total = counted_total(c);
	uint64_t calls = counts_calls(&total);
	uint64_t changed = calls - total.calls[WAY_UNTOUCHED] - total.calls[WAY_FAILED];
	uint64_t failed = total.calls[WAY_FAILED];
	bool unseen = c->liburings && !c->no_io_uring;
	bool left = about && about->left;
	int reserved = !!failed + !!c->lost + !!c->not_opened + (unseen || c->io_urings) + left;

	v->lines = 0;
	if (!calls && !c->lost && (c->opened || !refused_files_any(c)))
		say_none(v, c);
	else if (!changed && calls)
		say_untouched(v, c, &total, about);
	else if (calls)
		say_share(v, &total);
	say_refused_files(v, c);
	say_advice(v, c, VERDICT_LINES - reserved);
	if (failed)
		say_failed(v, failed);
	if (c->lost)
		say_lost(v, c);
	if (c->not_opened)
		say_not_opened(v, c->not_opened);
	if (c->io_urings)
		say_io_urings(v, c->io_urings);
	else if (unseen)
		say_liburing(v);
	if (left)
		verdict_left(about, v->line[v->lines++]);
}
