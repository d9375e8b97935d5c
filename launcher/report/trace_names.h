/* Names for the numbers in a traced call. */
#ifndef DIOSHIM_LAUNCHER_TRACE_NAMES_H
#define DIOSHIM_LAUNCHER_TRACE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for what the functions below write. */
enum { TRACE_NAMES = 256 };

/* Returns a name such as "pwrite64", or "syscall_N" for a call that the shim does not cover. */
const char *trace_call_name(int nr, char text[TRACE_NAMES]);

/* Whether it set O_DIRECT, and did not transfer data: then nothing is known of its arguments. */
bool trace_sets_direct(int nr);

/* Whether the call has an offset argument; whether it has a flags argument. */
bool trace_takes_offset(int nr);
bool trace_takes_flags(int nr);

/* Returns "RWF_HIPRI|RWF_NOWAIT", with unknown flags in hexadecimal; "0" for 0. */
const char *trace_flag_names(int flags, char text[TRACE_NAMES]);

/* Returns the name of bit n of record_misaligned, or of record_done; NULL after the last. */
const char *trace_misaligned_name(unsigned n);
const char *trace_done_name(unsigned n);

#endif
