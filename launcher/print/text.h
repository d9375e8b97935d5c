/* Numbers and file names for human readers. The functions write to `text`, and return it. */
#ifndef DIOSHIM_LAUNCHER_TEXT_H
#define DIOSHIM_LAUNCHER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* Room for one number as text, and for a path with each of its bytes escaped. */
enum { TEXT_NUMBER = 32, TEXT_NAME = 4 * RECORD_PATH };

/* 1204 -> "1,204" */
const char *text_count(uint64_t n, char text[TEXT_NUMBER]);

/* "1 call", "1,204 calls" */
const char *text_counted(uint64_t n, const char *singular, char *text, size_t room);

/* 100 -> "100", 1300000 -> "1.2M": as ls -h, but rounded to the nearest value. */
const char *text_size(uint64_t bytes, char text[TEXT_NUMBER]);

/* The same for use in a sentence: "100 bytes", "1 byte", "1.2M". */
const char *text_bytes(uint64_t bytes, char text[TEXT_NUMBER]);

/* "0.8 s", "12.3 ms", "15 us"; "0 s" only for 0. */
const char *text_time(uint64_t ns, char text[TEXT_NUMBER]);

/* "98%". A share between 0% and 1% is "less than 1%", one between 99% and 100% "more than 99%". */
const char *text_share(uint64_t part, uint64_t whole, char text[TEXT_NUMBER]);

/*
 * Escapes a path as ls -b does, so that it can neither control the terminal nor be mistaken for
 * another path: control characters, also bidirectional ones, bytes that are not printable in the
 * locale, '\', ' ', and the characters in `also`.
 */
const char *text_path(const char *path, const char *also, char text[TEXT_NAME]);

/* The same for the first `left` bytes of a path; `text` has room for 4 * left + 1 bytes. */
void text_escape(const char *path, size_t left, const char *also, char *text);

/* The escaped path, or "device 8:1 inode 123" if it is empty. */
const char *text_file(const char *path, uint64_t device, uint64_t inode, const char *also,
		      char text[TEXT_NAME]);

#endif
