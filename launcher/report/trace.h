/* The calls that the shim changed, a line each. Their form stands in trace_line.c. */
#ifndef DIOSHIM_LAUNCHER_TRACE_H
#define DIOSHIM_LAUNCHER_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "record.h"

/*
 * Print the calls from number `next` on, as far as they are complete, and say how many were lost.
 * Returns the new next. The stream is flushed.
 */
uint64_t trace_drain(const struct record *rec, uint64_t next, FILE *to, bool json);

/* The same at the end, when nobody writes any more: what is not complete by now is lost. */
uint64_t trace_finish(const struct record *rec, uint64_t next, FILE *to, bool json);

/* All calls that are kept, for --report. */
void trace_print(const struct record *rec, FILE *to);
json_t *trace_array(const struct record *rec);

/* One call, as a line (trace_line.c) and as an object (trace_json.c). */
struct trace_call;
void trace_line(const struct trace_call *call, const struct record *rec, FILE *to);
json_t *trace_object(const struct trace_call *call, const struct record *rec);

/* A call as it was copied out of the ring: struct record_call without what makes it shared. */
struct trace_call {
	int64_t time_ns;
	int32_t pid, tid, nr, fd;
	uint32_t file;
	int32_t iovcnt;
	uint64_t addr, len;
	int64_t pos, ret;
	uint64_t copied, buffered;
	uint32_t duration_ns;
	uint16_t misaligned, done, refusal, positional;
	int32_t rwf;
};

#endif
