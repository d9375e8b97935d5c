/* Numbers and file names for people. */
#ifndef DIOSHIM_LAUNCHER_TEXT_H
#define DIOSHIM_LAUNCHER_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* Room for one number as text, and for a name with each of its bytes escaped. */
enum { TEXT_NUMBER = 32, TEXT_NAME = 4 * RECORD_PATH };

/* 1204 -> "1,204" */
const char *text_count(uint64_t n, char text[TEXT_NUMBER]);

/* "1 call", "1,204 calls" */
const char *text_counted(uint64_t n, const char *singular, char *text, size_t room);

/* 100 -> "100", 1300000 -> "1.2M", as ls -h, but rounded to the nearest. */
const char *text_size(uint64_t bytes, char text[TEXT_NUMBER]);

/* The same in a sentence: "100 bytes", "1 byte", "1.2M". */
const char *text_bytes(uint64_t bytes, char text[TEXT_NUMBER]);

/* "0.8 s", "12.3 ms", "15 us"; "0 s" only if it is none. */
const char *text_time(uint64_t ns, char text[TEXT_NUMBER]);

/* "98%"; "less than 1%" and "more than 99%" where rounding would say none or all. */
const char *text_share(uint64_t part, uint64_t whole, char text[TEXT_NUMBER]);

/*
 * A path as ls -b writes it, so that it can neither move the cursor nor pass for another: control
 * characters, what the locale cannot show, '\', ' ', and what stands in `also`, are escaped.
 */
const char *text_path(const char *path, const char *also, char text[TEXT_NAME]);

/* The same of `left` bytes of any path; `text` has room for four times that and a NUL. */
void text_escape(const char *path, size_t left, const char *also, char *text);

/* A path if there is one, else "device 8:1 inode 123". */
const char *text_file(const char *path, uint64_t device, uint64_t inode, const char *also,
		      char text[TEXT_NAME]);

#endif
