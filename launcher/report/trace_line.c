/*
 * A call that the shim changed, as a line of text:
 *
 *   PID:TID TIME CALL(FILE, ADDRESS, LENGTH[, OFFSET[, FLAGS]]) = RESULT # WHAT; DONE; SECONDS s
 *
 * TIME      HH:MM:SS.micros, local time, when it returned
 * CALL      the system call's name
 * FILE      FD<PATH>; FD<device MAJOR:MINOR inode N> if the path is unknown; FD if the file is
 *           unknown. PATH is escaped as by ls -b, with '<' and '>' as \074 and \076
 * ADDRESS   of the buffer, or of the array of a vectored call: 0x...
 * LENGTH    bytes requested; of a vectored call: COUNT, a space and a comment with the total bytes
 * OFFSET    of calls that have one. If the call used the file offset, and that is known, a comment
 *           follows the last argument before FLAGS: "1000", then "at 2025"
 * FLAGS     of preadv2 and pwritev2: RWF_A|RWF_B, 0
 * RESULT    bytes, or -1 ERRNO (description)
 * WHAT      "address, length, offset misaligned", those that were; or "aligned". After "misaligned (guessed)" and
 *           "aligned (guessed)", the file system reports no alignments, and has accepted direct I/O at guessed ones.
 *           "alignment unknown": it reports none, and no guess was confirmed, or nothing was looked at
 * DONE      those that apply, separated by commas, in this order: "refused with ERRNO" or "refused
 *           without an error" (by the kernel, before anything else), "bounced BYTES", "buffered
 *           BYTES", "sector read-modify-write", "split" (into several calls), "retried" (the same
 *           call), "kernel result returned", "direct I/O refused by the file system" (at every alignment that was
 *           tried), "O_DIRECT given up" (for that reason, --refused); or "nothing done"
 * SECONDS   duration, with six decimals
 *
 * If O_DIRECT was refused where it was set (--refused), CALL is openat, for any open, or fcntl. Then there is
 * no WHAT, and O_DIRECT stands for all arguments after FILE:
 *
 *   1234:1240 12:00:01.123456 openat(3</data/x>, O_DIRECT) = 3 # refused with EINVAL, O_DIRECT given up;
 *   0.000001 s
 *
 * Comments are as in C. Examples (on one line each):
 *
 *   1234:1240 12:00:01.123456 pwrite64(3</data/x>, 0x7f00a1, 1000, 4096) = 1000 # address, length
 *   misaligned; bounced 512, buffered 488; 0.000210 s
 *   1234:1240 12:00:01.123456 writev(3</data/x>, 0x7ffd10, 4 / * 10000 bytes * / / * at 2025 * /)
 *   = 10000 # length, offset misaligned; buffered 2071, split; 0.000412 s
 *
 * (without the spaces in "/ *" and "* /"). Lines that begin with '#' tell how many calls were lost.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "print/errno_names.h"
#include "print/text.h"
#include "report/trace.h"
#include "report/trace_names.h"
#include "transfers.h"

/* A line under construction. A name needs less than TEXT_NAME bytes, all else less than 1024. */
struct line {
	size_t len;
	char text[TEXT_NAME + 1024];
};

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line, const char *format,
							   ...)
{
	va_list arguments;

	va_start(arguments, format);
	int n = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format,
			  arguments);

	va_end(arguments);
	line->len += (size_t)n;
	if (line->len > sizeof(line->text) - 1)
		line->len = sizeof(line->text) - 1;
}

static void line_add_time(struct line *line, int64_t ns)
{
	time_t seconds = ns / 1000000000;
	struct tm tm = { 0 };

	localtime_r(&seconds, &tm);
	line_add(line, "%02d:%02d:%02d.%06d ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(ns % 1000000000 / 1000));
}

static void line_add_file(struct line *line, const struct trace_call *call,
			  const struct record *rec)
{
	const struct record_file *f = &rec->file[call->file % RECORD_FILES];
	char path[RECORD_PATH], name[TEXT_NAME];

	line_add(line, "%d", call->fd);
	if (call->file >= RECORD_FILES ||
	    atomic_load_explicit(&f->state, memory_order_acquire) != RECORD_READY)
		return;
	memcpy(path, f->path, sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	line_add(line, "<%s>", text_file(path, f->device, f->inode, "<>", name));
}

/* preadv2() and pwritev2() use the file offset if their offset argument is -1. */
static void line_add_arguments(struct line *line, const struct trace_call *call)
{
	char names[TRACE_NAMES];

	line_add(line, ", 0x%" PRIx64 ", ", call->addr);
	if (call->iovcnt)
		line_add(line, "%d /* %" PRIu64 " bytes */", call->iovcnt, call->len);
	else
		line_add(line, "%" PRIu64, call->len);
	if (trace_takes_offset(call->nr))
		line_add(line, ", %" PRId64, call->positional ? call->pos : -1);
	if (!call->positional && call->pos >= 0)
		line_add(line, " /* at %" PRId64 " */", call->pos);
	if (trace_takes_flags(call->nr))
		line_add(line, ", %s", trace_flag_names(call->rwf, names));
}

static void line_add_result(struct line *line, int64_t ret)
{
	char name[ERRNO_NAME];

	if (ret >= 0)
		line_add(line, ") = %" PRId64 " # ", ret);
	else
		line_add(line, ") = -1 %s (%s) # ", errno_name((int)-ret, name),
			 errno_text((int)-ret));
}

static void line_add_misaligned(struct line *line, unsigned bits)
{
	const char *name;
	const char *before = "";

	for (unsigned n = 0; (name = trace_misaligned_name(n)); n++) {
		if (bits & 1u << n) {
			line_add(line, "%s%s", before, name);
			before = ", ";
		}
	}
	if (bits & MISALIGNED_UNKNOWN)
		line_add(line, "alignment unknown; ");
	else
		line_add(line, "%s%s; ", *before ? " misaligned" : "aligned",
			 bits & MISALIGNED_GUESSED ? " (guessed)" : "");
}

static void line_add_done(struct line *line, const struct trace_call *call)
{
	char text[ERRNO_NAME];
	const char *before = "", *name;

	if (call->refusal == UINT16_MAX)
		line_add(line, "refused without an error");
	else if (call->refusal)
		line_add(line, "refused with %s", errno_name(call->refusal, text));
	if (call->refusal)
		before = ", ";
	for (unsigned n = 0; (name = trace_done_name(n)); n++) {
		if (!(call->done & 1u << n))
			continue;
		line_add(line, "%s%s", before, name);
		if (1u << n == DONE_BOUNCED)
			line_add(line, " %" PRIu64, call->copied);
		else if (1u << n == DONE_BUFFERED)
			line_add(line, " %" PRIu64, call->buffered);
		before = ", ";
	}
	line_add(line, *before ? "; " : "nothing done; ");
}

void trace_line(const struct trace_call *call, const struct record *rec, FILE *to)
{
	struct line line = { 0 };
	char name[TRACE_NAMES];

	line_add(&line, "%d:%d ", call->pid, call->tid);
	line_add_time(&line, call->time_ns);
	line_add(&line, "%s(", trace_call_name(call->nr, name));
	line_add_file(&line, call, rec);
	if (trace_sets_direct(call->nr))
		line_add(&line, ", O_DIRECT");
	else
		line_add_arguments(&line, call);
	line_add_result(&line, call->ret);
	if (!trace_sets_direct(call->nr))
		line_add_misaligned(&line, call->misaligned);
	line_add_done(&line, call);
	line_add(&line, "%" PRIu32 ".%06" PRIu32 " s\n", call->duration_ns / 1000000000,
		 call->duration_ns % 1000000000 / 1000);
	fwrite(line.text, 1, line.len, to);
}
