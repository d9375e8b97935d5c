/*
 * See supervise.h. COMMAND and its children write to a record file that they and the launcher have
 * mapped (common/record.h), and the launcher reads it periodically. Processes that COMMAND leaves
 * in the background continue to write to it; the launcher does not wait for them, but says so (left.c).
 */
#include "run/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load/load.h"
#include "run/child.h"
#include "run/environment.h"
#include "print/message.h"
#include "report/record_map.h"
#include "report/refused_files.h"
#include "report/report.h"
#include "run/exec_failed.h"
#include "run/left.h"
#include "report/trace.h"

enum {
	DRAIN_NS = 20000000, /* the ring overflows in this time only at 3 million calls a second */
	SECOND_NS = 1000000000,
};

struct supervision {
	const struct options *o;
	const char *library;
	struct child child;
	struct record_file_made made;
	struct record *rec;   /* NULL: nothing is recorded */
	FILE *report, *trace; /* NULL: not wanted */
	uint64_t next_call;   /* the first one that is not yet printed */
	uint64_t next_line;   /* when --stats=SECONDS prints it: CLOCK_MONOTONIC, ns */
	int report_error;     /* an errno; 0: none */
	struct report_tick tick;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/*
 * Opens `path`, or takes stderr if it is NULL, stdout if it is "-". In append mode, because --output and --trace may
 * name the same file. Returns false after a message on failure.
 */
static bool open_stream(const char *path, FILE **stream)
{
	int fd;

	*stream = path ? stdout : stderr;
	if (!path || !strcmp(path, "-"))
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY | O_CLOEXEC, 0666);
	*stream = fd < 0 ? NULL : fdopen(fd, "a");
	if (!*stream)
		message("%s: %s", path, strerror(errno));
	return *stream;
}

/* COMMAND is worth more than what is recorded of it. */
static void make_record(struct supervision *s)
{
	int error = record_map_make(&s->made, s->o->no_io_uring);

	if (error)
		message("nothing is recorded: no room for a record file: %s", strerror(error));
	s->rec = s->made.rec;
}

/* Loads what prints the report and the trace. Returns false after a message if it is not there. */
static bool load_libraries(const struct options *o)
{
	const char *why = o->json ? load_jansson() : o->stats ? load_smartcols() : NULL;

	if (why)
		message("%s", why);
	return !why;
}

/*
 * Does everything that can fail, before COMMAND is started. Returns false after a message if it is not to be
 * started.
 */
static bool prepare(struct supervision *s, const char *first)
{
	const struct options *o = s->o;

	if (!load_libraries(o))
		return false;
	if (o->stats && !open_stream(o->output, &s->report))
		return false;
	if (o->trace && !open_stream(o->trace_file, &s->trace))
		return false;
	make_record(s);
	return environment_set(o, first, s->library, s->made.path);
}

/* Prints the calls that are new, and the line of --stats=SECONDS if it is due. */
static void supervision_print(struct supervision *s)
{
	uint64_t now = now_ns();

	if (!s->rec)
		return;
	if (s->trace)
		s->next_call = trace_drain(s->rec, s->next_call, s->trace, s->o->json);
	if (!s->o->seconds || now < s->next_line)
		return;
	report_tick(&s->tick, s->rec, s->report, s->o->json);
	fflush(s->report);
	/* Lines that were due while the launcher was stopped are left out. */
	while (s->next_line <= now)
		s->next_line += (uint64_t)s->o->seconds * SECOND_NS;
}

/* Returns the next signal, or 0 when it is time for supervision_print(). */
static int wait_signal(const struct supervision *s, siginfo_t *info)
{
	uint64_t wait = s->rec && s->trace ? DRAIN_NS : UINT64_MAX;
	struct timespec timeout;
	sigset_t all;
	int ret;

	if (s->rec && s->o->seconds) {
		uint64_t now = now_ns();
		uint64_t left = s->next_line > now ? s->next_line - now : 0;

		wait = left < wait ? left : wait;
	}
	sigfillset(&all);
	timeout.tv_sec = (time_t)(wait / SECOND_NS);
	timeout.tv_nsec = (long)(wait % SECOND_NS);
	ret = sigtimedwait(&all, info, wait == UINT64_MAX ? NULL : &timeout);
	return ret < 0 ? 0 : ret;
}

static void watch(struct supervision *s)
{
	siginfo_t info;
	int signal;

	if (s->rec)
		report_tick_start(&s->tick, s->rec);
	s->next_line = now_ns() + (uint64_t)s->o->seconds * SECOND_NS;
	do {
		signal = wait_signal(s, &info);
		if (signal)
			child_relay(&s->child, &info);
		supervision_print(s);
	} while (signal != SIGCHLD || !child_ended(&s->child));
}

/*
 * Looks for processes that still run, if there is a report or a trace to tell of them. Returns where the record can be
 * read while they do, to be freed; NULL: nowhere.
 */
static char *find_left(const struct supervision *s, struct verdict_about *about)
{
	if (s->made.fd < 0 || !(s->report || s->trace))
		return NULL;
	about->left = left_count(s->made.fd, s->made.path, s->child.pid);
	return about->left ? left_keep(s->made.fd) : NULL;
}

static void report(struct supervision *s)
{
	struct verdict_about about = { .ended = true, .status = s->child.status };
	char *record;

	if (!s->rec)
		return;
	about.record = record = find_left(s, &about);
	if (s->trace)
		trace_finish(s->rec, s->next_call, s->trace, s->o->json);
	if (!s->report && options_name_refused(s->o))
		/* The report names them, too. */
		refused_files_message(s->rec);
	if (s->report)
		s->report_error = report_print(s->rec, &about, s->report, s->o->json);
	else if (s->trace && about.left)
		report_left(&about, s->trace, s->o->json);
	free(record);
}

/* `error`: of what was written before; 0: none is known. Returns false after a message if something was not written. */
static bool close_stream(FILE *stream, const char *path, int error)
{
	bool failed;

	if (!stream)
		return true;
	errno = 0;
	failed = fflush(stream) || ferror(stream);
	if (stream != stdout && stream != stderr)
		failed |= fclose(stream) != 0;
	if (!failed && !error)
		return true;
	message("%s: %s",
		!path		    ? "stderr"
		: strcmp(path, "-") ? path
				    : "stdout",
		strerror(error	 ? error
			 : errno ? errno
				 : EIO));
	return false;
}

static int run(struct supervision *s)
{
	bool executed;
	int error = child_start(&s->child, s->o->operands, &executed);

	if (error && executed)
		return exec_failed(s->o, error);
	if (error) {
		message("fork: %s", strerror(error));
		return EXIT_LAUNCHER;
	}
	watch(s);
	report(s);
	return s->child.status;
}

int supervise(const struct options *o, const char *first, const char *library)
{
	struct supervision s = { .o = o, .library = library, .made = { .fd = -1 } };
	int status = EXIT_LAUNCHER;
	bool written;

	/*
	 * Blocks signals before the record file is made, so that none ends us while the file
	 * exists.
	 */
	child_prepare(&s.child);
	if (prepare(&s, first))
		status = run(&s);
	record_map_remove(&s.made);
	written = close_stream(s.trace, o->trace_file, 0);
	written &= close_stream(s.report, o->output, s.report_error);
	/* COMMAND's status comes first. */
	return status || written ? status : EXIT_LAUNCHER;
}
