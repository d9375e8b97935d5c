/*
 * stdio on a descriptor that may be O_DIRECT: each scene makes calls on a file and prints what they returned,
 * so that a run on an O_DIRECT file can be compared with one on an ordinary file. See stdio.bats.
 */
#ifndef DIOSHIM_TEST_STDIO_H
#define DIOSHIM_TEST_STDIO_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The file of the scene, and O_DIRECT or 0. */
extern const char *scene_file;
extern int scene_direct;

/* The length of the file when a scene begins. */
enum { SCENE_BYTES = 30011 };

/* Returns a new descriptor of the file, O_DIRECT if the scene is. Ends the program if there is none. */
int open_scene(int flags);

/* The same as a stream, by fdopen(3). */
FILE *stream_of(int flags, const char *mode);

/* Print one result: a number, with errno if it has changed; or a checksum of bytes. */
void show(const char *what, long result);
void show_bytes(const char *what, const void *bytes, size_t n);

/* Prints where a stream is: ftello(), feof(), ferror(), and the offset of its descriptor. */
void show_stream(const char *what, FILE *fp);

/* Fills with bytes that depend on `seed`, with a newline here and there. */
void fill(char *bytes, size_t n, unsigned seed);

struct scene {
	const char *name;
	void (*run)(void);
};

/* The scenes of a source file, ended by one without a name. */
extern const struct scene stream_scenes[];
extern const struct scene other_scenes[];
extern const struct scene random_scenes[];

#endif
