/*
 * The tables through which the C library's stdio reaches the kernel.
 *
 * stdio calls read(2), write(2) and close(2) inside the C library, where no symbol can be interposed. But
 * every stream on a descriptor has a pointer to one of two tables of functions, _IO_file_jumps and
 * _IO_wfile_jumps, and glibc exports these tables and the functions in them that make the three calls. So
 * the three entries can be found and replaced.
 *
 * The tables are read-only after relocation (RELRO). They are made writable for the moment in which the
 * entries are stored.
 */
#ifndef DIOSHIM_STDIO_TABLE_H
#define DIOSHIM_STDIO_TABLE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* As in the tables. */
typedef ssize_t call_stream_read(FILE *fp, void *buf, ssize_t n);
typedef ssize_t call_stream_write(FILE *fp, const void *buf, ssize_t n);
typedef int call_stream_close(FILE *fp);

struct stdio_calls {
	call_stream_read *read;
	call_stream_write *write;
	call_stream_close *close;
};

/*
 * Stores `ours` in the tables; *library gets what was there, before anything is stored. Returns false, with
 * the tables as they were, unless everything is as expected: the tables and the functions are exported,
 * each function is in each table exactly once (nobody else has replaced it), and the tables are in memory
 * that the dynamic linker has made read-only. Only to be called while the library is being loaded.
 */
bool stdio_table_replace(const struct stdio_calls *ours, struct stdio_calls *library);

#endif
