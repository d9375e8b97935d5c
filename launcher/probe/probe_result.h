/*
 * The results of --probe for one path: struct probe. probe_look.c asks the kernel, probe_try.c
 * makes test calls, probe_print.c prints both, and probe.c calls them for each path.
 */
#ifndef DIOSHIM_LAUNCHER_PROBE_RESULT_H
#define DIOSHIM_LAUNCHER_PROBE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

/* The result of a test call. */
enum probe_way {
	PROBE_NOT_TRIED,
	PROBE_REFUSED,	/* failed with an errno */
	PROBE_DIRECT,	/* done without the page cache */
	PROBE_BUFFERED, /* done through the page cache */
	PROBE_MIXED,	/* done partly through the page cache */
	PROBE_TAKEN,	/* done, but whether by the page cache is unknown */
	PROBE_SHORT,	/* fewer bytes than requested */
};

/* Where the file system refuses O_DIRECT with EINVAL, whatever the alignment. */
enum probe_refusal {
	PROBE_NOT_REFUSED, /* or not known */
	PROBE_AT_OPEN,	   /* open(2) */
	PROBE_AT_CALL,	   /* the first read or write */
};

struct probe_answer {
	enum probe_way way;
	int error; /* the errno of PROBE_REFUSED */
};

enum { PROBE_UNKNOWN = -1, PROBE_NOTE = 512 };

struct probe {
	const char *path;
	char *directory;  /* where a new file would have the same properties; NULL: none */
	char *filesystem; /* its type, such as "ext4"; NULL: unknown, or a block device */
	bool is_file;	  /* an existing file or block device; else a directory */
	bool block_device;
	uint32_t dev_major, dev_minor; /* of the file system, or of the block device itself */
	/* In bytes; PROBE_UNKNOWN where the kernel does not tell. */
	int64_t block, sector, physical_sector;
	int64_t mem_align, offset_align, read_offset_align;
	int64_t atomic_min, atomic_max, atomic_segments;
	enum probe_refusal refused;
	/* All aligned; the address misaligned; the offset and the length misaligned. */
	struct probe_answer aligned, address, offset;
	char note[PROBE_NOTE];
};

/* Appends to the note, after "; " if there is one already. */
__attribute__((format(printf, 2, 3))) void probe_note(struct probe *p, const char *format, ...);

#endif
