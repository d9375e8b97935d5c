/* What a descriptor refers to, asked of the kernel each time it matters (promise P8). */
#ifndef DIOSHIM_DESCRIPTOR_H
#define DIOSHIM_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct descriptor {
	int flags;	   /* of the open file description, fcntl(2), F_GETFL */
	bool block_device; /* otherwise a regular file */
	bool known;	   /* the kernel has reported the alignments; otherwise a first guess */
	bool strict;   /* known, or of a kind that refuses misaligned requests; its size is exact */
	uint64_t size; /* bytes, at the time of the look */
	uint64_t file; /* which file, or which block device; never 0 */
	struct dio_align align;
};

/*
 * Looks at `fd`, for a write or for a read (which may need less, STATX_DIO_READ_ALIGN). Returns
 * false if the shim does not handle it: it is closed, or not a regular file or a block device. A
 * pipe in packet mode shows O_DIRECT too (pipe(2)). d->flags is the answer to F_GETFL in any case.
 */
bool descriptor_look(int fd, bool write, struct descriptor *d);

/*
 * Replaces a guess by what suits every sector, where no refusal can be waited for. Returns false if the kernel is not
 * known to refuse any request.
 */
bool descriptor_expect(struct descriptor *d);

/* Both, for a request that the kernel would refuse where the shim cannot see it (AIO). */
bool descriptor_look_ahead(int fd, bool write, struct descriptor *d);

/* Returns the file, as in the struct; 0 if it is neither a regular file nor a block device. */
uint64_t descriptor_file(int fd);

/* Reads the size of a file again. The size of a block device does not change. */
void descriptor_look_size(int fd, struct descriptor *d);

/* Replaces a guess that was refused by the next larger one. Returns false if there is none left. */
bool descriptor_guess_more(struct descriptor *d);

#endif
