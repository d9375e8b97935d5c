/*
 * The files of a scenario, as the tool sees them: past the shim, by descriptors of its own.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_FILE_H
#define DIOSHIM_TEST_INTERLEAVE_FILE_H

#include "interleave.h"

enum { PAGE = 4096, FILE_ROOM = 4 << 20 };

struct file {
	const char *path;
	size_t size; /* at the start; of a device, as much as the scenario uses of it */
	bool device;
	char letter;
	int plain, direct;
	unsigned char *bytes; /* for FILE_ROOM bytes */
};

void file_open(struct file *f, const char *path, size_t size, bool device, char letter);
void file_close(struct file *f);

/* As at the start: all letters, on the device, nothing in the page cache. */
void file_reset(struct file *f);

size_t file_size(const struct file *f);

/*
 * Through the page cache; by direct I/O; through a page cache that has been emptied. They return
 * how many bytes there are in f->bytes, or -errno.
 */
long file_cached_bytes(struct file *f);
long file_device_bytes(struct file *f);
long file_stored_bytes(struct file *f);

/* Is there anything in the page cache that could differ from what the device has? */
bool file_is_cached(const struct file *f);

/*
 * Write back, through a descriptor that nobody else has: 0, or the error of anybody's failed write.
 */
int file_sync(const struct file *f);

/* Pages of the range that have not reached the device, and pages that are in the page cache. */
unsigned file_dirty_pages(const struct file *f, uint64_t start, uint64_t len);
unsigned file_cached_pages(const struct file *f, uint64_t start, uint64_t len);

/* Can this kernel tell? (cachestat(2), Linux 6.5) */
bool file_pages_known(void);

#endif
