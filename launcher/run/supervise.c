/*
 * See supervise.h. COMMAND and its children write into a file that they and the launcher have
 * mapped (common/record.h); the launcher looks at it from time to time and needs nothing from them.
 * What runs on in the background when COMMAND has ended goes on counting, and is not waited for.
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

#include "run/child.h"
#include "run/environment.h"
#include "print/message.h"
#include "report/record_map.h"
#include "report/report.h"
#include "run/exec_failed.h"
#include "report/trace.h"

enum {
	DRAIN_NS = 20000000, /* the ring is lapped after this only by 3 million calls a second */
	SECOND_NS = 1000000000,
};

struct supervision {
	const struct options *o;
	struct child child;
	char *path; /* of the record file */
	struct record *rec;
	FILE *report, *trace;    /* NULL: not asked for */
	uint64_t next_call;      /* of the trace */
	uint64_t next_line;      /* of --stats=SECONDS, CLOCK_MONOTONIC */
	struct report_tick tick;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* For appending: --output and --trace may name one file. */
static bool open_stream(const char *path, FILE **stream)
{
	int fd;

	*stream = stderr;
	if (!path)
		return true;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOCTTY | O_CLOEXEC, 0666);
	*stream = fd < 0 ? NULL : fdopen(fd, "a");
	if (!*stream)
		message("%s: %s", path, strerror(errno));
	return *stream;
}

/* Everything that can fail does so before COMMAND is started. */
static bool prepare(struct supervision *s, const char *library)
{
	const struct options *o = s->o;

	if (o->stats && !open_stream(o->output, &s->report))
		return false;
	if (o->trace && !open_stream(o->trace_file, &s->trace))
		return false;
	s->path = record_map_create();
	if (!s->path)
		return false;
	s->rec = record_map_open(s->path);
	return s->rec && environment_set(o, library, s->path);
}

static void look(struct supervision *s)
{
	uint64_t now = now_ns();

	if (s->trace)
		s->next_call = trace_drain(s->rec, s->next_call, s->trace, s->o->json);
	if (!s->o->seconds || now < s->next_line)
		return;
	report_tick(&s->tick, s->rec, s->report, s->o->json);
	fflush(s->report);
	/* Lines that were missed, because the launcher was stopped, are not made up for. */
	while (s->next_line <= now)
		s->next_line += (uint64_t)s->o->seconds * SECOND_NS;
}

/* The next signal, or 0 when it is time to look. */
static int wait_signal(const struct supervision *s, siginfo_t *info)
{
	uint64_t wait = s->trace ? DRAIN_NS : UINT64_MAX;
	struct timespec timeout;
	sigset_t all;
	int ret;

	if (s->o->seconds) {
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

	report_tick_start(&s->tick, s->rec);
	s->next_line = now_ns() + (uint64_t)s->o->seconds * SECOND_NS;
	do {
		signal = wait_signal(s, &info);
		if (signal)
			child_relay(&s->child, &info);
		look(s);
	} while (signal != SIGCHLD || !child_ended(&s->child));
}

static void report(struct supervision *s)
{
	if (s->trace)
		trace_finish(s->rec, s->next_call, s->trace, s->o->json);
	if (s->report)
		report_print(s->rec, s->report, s->o->json);
}

/* COMMAND's exit status stands, even if its report could not be written. */
static void close_stream(FILE *stream, const char *path)
{
	bool failed;

	if (!stream)
		return;
	errno = 0;
	failed = fflush(stream) || ferror(stream);
	if (path)
		failed |= fclose(stream) != 0;
	if (failed)
		message("%s: %s", path ? path : "stderr", strerror(errno ? errno : EIO));
}

static int run(struct supervision *s)
{
	bool executed;
	int error = child_start(&s->child, s->o->operands, &executed);

	if (error && executed)
		return exec_failed(s->o->operands[0], error);
	if (error) {
		message("fork: %s", strerror(error));
		return EXIT_LAUNCHER;
	}
	watch(s);
	report(s);
	return s->child.status;
}

int supervise(const struct options *o, const char *library)
{
	struct supervision s = { .o = o };
	int status = EXIT_LAUNCHER;

	/* First of all: from here on no signal can leave the record file behind. */
	child_prepare(&s.child);
	if (prepare(&s, library))
		status = run(&s);
	if (s.rec)
		record_map_close(s.rec);
	if (s.path)
		unlink(s.path);
	free(s.path);
	close_stream(s.trace, o->trace_file);
	close_stream(s.report, o->output);
	return status;
}
