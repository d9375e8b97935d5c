/* The names that a traced call's numbers have. */
#ifndef DIOSHIM_LAUNCHER_TRACE_NAMES_H
#define DIOSHIM_LAUNCHER_TRACE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for what the functions below write. */
enum { TRACE_NAMES = 256 };

/* "pwrite64"; "syscall_N" if it is none that the shim takes. */
const char *trace_call_name(int nr, char text[TRACE_NAMES]);

/* Whether it takes an offset; whether it takes flags, too. */
bool trace_takes_offset(int nr);
bool trace_takes_flags(int nr);

/* "RWF_HIPRI|RWF_NOWAIT"; a rest without names in hexadecimal; "0". */
const char *trace_flag_names(int flags, char text[TRACE_NAMES]);

/* The n-th thing that was misaligned, or that was done, by its bit; NULL after the last. */
const char *trace_misaligned_name(unsigned n);
const char *trace_done_name(unsigned n);

#endif
