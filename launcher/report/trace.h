/* Prints the calls that the shim changed, one line each; trace_line.c describes the format. */
#ifndef DIOSHIM_LAUNCHER_TRACE_H
#define DIOSHIM_LAUNCHER_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "record.h"

/*
 * Prints the calls from number `next` up to the first incomplete one, and how many were lost.
 * Flushes the stream. Returns the number of the next call.
 */
uint64_t trace_drain(const struct record *rec, uint64_t next, FILE *to, bool json);

/* The same at the end: does not wait for calls that are incomplete, but counts them as lost. */
uint64_t trace_finish(const struct record *rec, uint64_t next, FILE *to, bool json);

/* All calls that the ring has, for --report: prints them, or returns them as a JSON array. */
void trace_print(const struct record *rec, FILE *to);
json_t *trace_array(const struct record *rec);

/* Prints one call as a line (trace_line.c); returns one as an object (trace_json.c). */
struct trace_call;
void trace_line(const struct trace_call *call, const struct record *rec, FILE *to);
json_t *trace_object(const struct trace_call *call, const struct record *rec);

/* A call as copied out of the ring: struct record_call without the ticket; see there. */
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
