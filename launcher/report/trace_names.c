/* Names for the numbers in a traced call. See trace_names.h. */
#include "report/trace_names.h"

#include <stdio.h>
#include <string.h>

#include "record.h"
#include "rwf.h"
#include "transfers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FLAG_ENTRY(name, value) { (value), "RWF_" #name },

static const struct {
	int flag;
	const char *name;
} flags_table[] = { DIOSHIM_RWF_FLAGS(FLAG_ENTRY) };

const char *trace_call_name(int nr, char text[TRACE_NAMES])
{
	const char *name = nr == SYS_openat  ? "openat"
			   : nr == SYS_fcntl ? "fcntl"
					     : transfer_name(nr);

	if (name)
		return name;
	snprintf(text, TRACE_NAMES, "syscall_%d", nr);
	return text;
}

bool trace_sets_direct(int nr)
{
	return nr == SYS_openat || nr == SYS_fcntl;
}

static bool takes(int nr, int what)
{
	int all = transfer_takes(nr);

	return all >= 0 && (all & what);
}

bool trace_takes_offset(int nr)
{
	return takes(nr, TRANSFER_OFFSET);
}

bool trace_takes_flags(int nr)
{
	return takes(nr, TRANSFER_FLAGS);
}

const char *trace_flag_names(int flags, char text[TRACE_NAMES])
{
	int rest = flags;
	int at = 0;

	for (size_t n = 0; n < COUNT(flags_table); n++) {
		if (!(flags & flags_table[n].flag))
			continue;
		at += snprintf(text + at, TRACE_NAMES - (size_t)at, "%s%s", at ? "|" : "",
			       flags_table[n].name);
		rest &= ~flags_table[n].flag;
	}
	if (rest)
		snprintf(text + at, TRACE_NAMES - (size_t)at, "%s0x%x", at ? "|" : "",
			 (unsigned)rest);
	else if (!at)
		snprintf(text, TRACE_NAMES, "0");
	return text;
}

const char *trace_misaligned_name(unsigned n)
{
	static const char *const names[RECORD_MISALIGNED] = { "address", "length", "offset" };

	return n < RECORD_MISALIGNED ? names[n] : NULL;
}

const char *trace_done_name(unsigned n)
{
	static const char *const names[] = {
		"bounced",
		"buffered",
		"sector read-modify-write",
		"split",
		"retried",
		"kernel result returned",
		"direct I/O refused by the file system",
		"O_DIRECT given up",
	};

	return n < COUNT(names) ? names[n] : NULL;
}
