/*
 * The record files of this process (record.h), mapped while the library is loaded. No descriptor
 * stays open, and children share the mappings; a program started by exec() maps the files again.
 */
#ifndef DIOSHIM_RECORDING_H
#define DIOSHIM_RECORDING_H

#include "record.h"
#include "sys.h"

extern struct recording {
	struct record *any;   /* one of them; null: nothing is recorded */
	struct record *stats; /* null: not requested */
	struct record *trace;
	struct record *names; /* gets no calls, but the files that record_refused() notes */
} recording;

/*
 * Called by the constructor with DIOSHIM_STATS, DIOSHIM_TRACE and DIOSHIM_REFUSED_RECORD, null where not
 * set.
 */
void recording_start(const char *stats, const char *trace, const char *names);

/*
 * Called before and after the shim takes O_DIRECT off a description, so that whoever looks at the
 * flags meanwhile knows that they may be misleading (record_direct() in record_file.c).
 */
static inline void recording_buffered_begins(void)
{
	if (unlikely(recording.any))
		atomic_fetch_add(&recording.any->buffered_begun, 1);
}

static inline void recording_buffered_ends(void)
{
	if (unlikely(recording.any))
		atomic_fetch_add(&recording.any->buffered_ended, 1);
}

#endif
