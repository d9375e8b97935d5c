/*
 * The files of a scenario, which the tool accesses without the shim and by its own descriptors.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_FILE_H
#define DIOSHIM_TEST_INTERLEAVE_FILE_H

#include "interleave.h"

enum { PAGE = 4096, FILE_ROOM = 4 << 20 };

struct file {
	const char *path;
	size_t size; /* at the start; for a device, the part that the scenario uses */
	bool device;
	char letter;
	int plain, direct;
	unsigned char *bytes; /* FILE_ROOM bytes */
};

void file_open(struct file *f, const char *path, size_t size, bool device, char letter);
void file_close(struct file *f);

/* Restores the initial state: filled with f->letter, on the device, not in the page cache. */
void file_reset(struct file *f);

size_t file_size(const struct file *f);

/*
 * Read the file into f->bytes: through the page cache, by direct I/O, and through the page cache
 * after it was dropped. They return the number of bytes, or -errno.
 */
long file_cached_bytes(struct file *f);
long file_device_bytes(struct file *f);
long file_stored_bytes(struct file *f);

/* Returns whether the page cache has any page of the file, or may have one. */
bool file_is_cached(const struct file *f);

/*
 * Writes dirty pages back, through a descriptor that is not shared. Returns 0, or -errno if this or
 * an earlier write-back has failed.
 */
int file_sync(const struct file *f);

/*
 * Return the number of pages of the range that have not reached the device, and the number of pages
 * that are in the page cache.
 */
unsigned file_dirty_pages(const struct file *f, uint64_t start, uint64_t len);
unsigned file_cached_pages(const struct file *f, uint64_t start, uint64_t len);

/* Returns whether this kernel has cachestat(2) (Linux 6.5), which the two functions above need. */
bool file_pages_known(void);

#endif
