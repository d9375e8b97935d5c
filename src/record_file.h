/* Which file a descriptor refers to, and its entry in a record file. */
#ifndef DIOSHIM_RECORD_FILE_H
#define DIOSHIM_RECORD_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct identity {
	uint64_t device, inode; /* stat(2) */
	bool block_device;	/* otherwise a regular file */
};

/* Finds out the file. Returns false if it is neither a regular file nor a block device. */
bool record_identify(int fd, struct identity *id);

/*
 * The same, but also returns false if the description is not O_DIRECT. Only while something is
 * recorded.
 */
bool record_direct(int fd, struct identity *id);

/* Called when a number was opened, was made a duplicate of another, is about to be closed. */
void record_opened(int fd, bool direct);
void record_duplicated(int from, int to);
void record_closes(int fd);

/*
 * Returns the file's entry, which is made if there is none yet. If all are taken, returns the one that such files have
 * together.
 */
struct record_file *record_file(struct record *rec, const struct identity *id, int fd);
bool record_file_is_other(const struct record *rec, const struct record_file *f);

#endif
