/* The test calls of --try, and whether each went through the page cache. */
#ifndef DIOSHIM_LAUNCHER_PROBE_CALL_H
#define DIOSHIM_LAUNCHER_PROBE_CALL_H

#include <stddef.h>

#include "probe/probe_result.h"

/* Where the calls are made: the first 2 * span bytes of an O_DIRECT descriptor, which exist. */
struct probe_scene {
	int fd;
	bool write;    /* pwrite, else pread */
	size_t span;   /* a multiple of every alignment */
	char *buffer;  /* 2 * span, aligned to span */
	char *mapping; /* of the file; NULL if mmap(2) failed */
};

/* Returns false if there is no memory; then there is nothing to close. */
bool probe_scene_open(struct probe_scene *s, int fd, bool write, size_t span);
void probe_scene_close(struct probe_scene *s);

/*
 * Makes an aligned call, one with a misaligned address, and one with a misaligned length and
 * offset. Sets p->aligned, p->address and p->offset.
 */
void probe_call_all(const struct probe_scene *s, struct probe *p);

#endif
