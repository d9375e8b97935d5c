/*
 * What --probe finds out about a path: struct probe. probe_look.c asks the kernel, probe_try.c tries
 * calls, probe_print.c prints both, and probe.c does one after the other for each path.
 */
#ifndef DIOSHIM_LAUNCHER_PROBE_RESULT_H
#define DIOSHIM_LAUNCHER_PROBE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

/* What became of a call that was tried. */
enum probe_way {
	PROBE_NOT_TRIED,
	PROBE_REFUSED,  /* with an errno */
	PROBE_DIRECT,   /* done, and not through the page cache */
	PROBE_BUFFERED, /* done through the page cache */
	PROBE_MIXED,    /* done, some of it through the page cache */
	PROBE_TAKEN,    /* done, and how cannot be seen from here */
	PROBE_SHORT,    /* done in part: fewer bytes than asked for */
};

struct probe_answer {
	enum probe_way way;
	int error; /* the errno of PROBE_REFUSED */
};

enum { PROBE_UNKNOWN = -1, PROBE_NOTE = 256 };

struct probe {
	const char *path;
	char *directory;   /* where a new file would be like this one; NULL for a block device */
	char *filesystem;  /* its type; NULL: unknown, or a block device */
	bool is_file;      /* the file itself was asked, not one made in its directory */
	bool block_device;
	uint32_t dev_major, dev_minor; /* of the file system; of the device itself if it is one */
	/* In bytes; PROBE_UNKNOWN where the kernel does not tell. */
	int64_t block, sector, physical_sector;
	int64_t mem_align, offset_align, read_offset_align;
	int64_t atomic_min, atomic_max, atomic_segments;
	/* A call with an aligned address, length and offset, and those with one thing wrong. */
	struct probe_answer aligned, address, offset;
	char note[PROBE_NOTE];
};

/* Add a few words to the note. */
__attribute__((format(printf, 2, 3))) void probe_note(struct probe *p, const char *format, ...);

#endif
