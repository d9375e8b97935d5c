/*
 * The record files of this process (record.h), mapped while the library is loaded. No descriptor
 * stays open, and children share the mappings; a program started by exec() maps the files again.
 */
#ifndef DIOSHIM_RECORDING_H
#define DIOSHIM_RECORDING_H

#include <stdbool.h>

#include "record.h"
#include "sys.h"

/*
 * A launcher that runs under another one adds its own file, so there may be several. As many as launchers are likely
 * to be nested, twice, because --stats and --trace may have different ones.
 */
enum { RECORDINGS = 8 };

/* One record file, and what is put into it. */
struct recording_to {
	struct record *rec; /* null: the end of the list */
	bool stats, trace;  /* neither: only the files that record_refused() notes */
};

extern struct recording {
	bool any;   /* something is recorded */
	bool stats; /* calls are counted in one of the files */
	struct recording_to to[RECORDINGS + 1];
} recording;

/*
 * Called by the constructor with DIOSHIM_STATS, DIOSHIM_TRACE and DIOSHIM_REFUSED_RECORD, null where not set. Each is a
 * file name, or several that are separated by colons; all but the first are absolute.
 */
void recording_start(const char *stats, const char *trace, const char *names);

/* In all record files: calls for which O_DIRECT was taken off a description, so far. */
uint64_t recording_buffered_begun(void);
uint64_t recording_buffered_ended(void);

void recording_count_begin(void);
void recording_count_end(void);

/*
 * Called before and after the shim takes O_DIRECT off a description, so that whoever looks at the
 * flags meanwhile knows that they may be misleading (record_direct() in record_file.c).
 */
static inline void recording_buffered_begins(void)
{
	if (unlikely(recording.any))
		recording_count_begin();
}

static inline void recording_buffered_ends(void)
{
	if (unlikely(recording.any))
		recording_count_end();
}

#endif
