/* One call that is tried, and whether the page cache was in it. */
#ifndef DIOSHIM_LAUNCHER_PROBE_CALL_H
#define DIOSHIM_LAUNCHER_PROBE_CALL_H

#include <stddef.h>

#include "probe/probe_result.h"

/* Where the calls are made: the first 2 * span bytes of an O_DIRECT descriptor, all there. */
struct probe_scene {
	int fd;
	bool write;    /* pwrite, else pread */
	size_t span;   /* a multiple of every alignment */
	char *buffer;  /* 2 * span, aligned to span */
	char *mapping; /* the file's; NULL: not to be had */
};

/* False if there is no memory. */
bool probe_scene_open(struct probe_scene *s, int fd, bool write, size_t span);
void probe_scene_close(struct probe_scene *s);

/* An aligned call, one with a misaligned address, one with a misaligned length and offset. */
void probe_call_all(const struct probe_scene *s, struct probe *p);

#endif
