/*
 * What a descriptor is, asked of the kernel each time it matters (promise P8).
 */
#ifndef DIOSHIM_DESCRIPTOR_H
#define DIOSHIM_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "plan.h"

struct descriptor {
	int flags;         /* of the open file description, fcntl(2), F_GETFL */
	bool block_device; /* else a regular file */
	bool known;        /* the kernel has told the alignments; else align is a guess to start from */
	uint64_t size;     /* bytes, when we looked */
	uint64_t file;     /* which file, or which block device; never 0 */
	struct dio_align align;
};

/*
 * Look at `fd`, for a write or for a read (which may ask for less, STATX_DIO_READ_ALIGN). False
 * where it is none of ours: closed, or no regular file or block device, such as a packet-mode pipe,
 * which shows O_DIRECT too (pipe(2)).
 */
bool descriptor_look(int fd, bool write, struct descriptor *d);

/* Look at the size of a file again. The size of a block device stays. */
void descriptor_look_size(int fd, struct descriptor *d);

/* A guess was refused: the next larger one. False when there is none left. */
bool descriptor_guess_more(struct descriptor *d);

#endif
