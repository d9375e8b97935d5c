/*
 * Which file a descriptor stands for, and its place in a record file.
 */
#ifndef DIOSHIM_RECORD_FILE_H
#define DIOSHIM_RECORD_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct identity {
	uint64_t device, inode; /* stat(2) */
	bool block_device;      /* else a regular file */
};

/* False if it is neither a regular file nor a block device. */
bool record_identify(int fd, struct identity *id);

/* The same, and false too if the description is not O_DIRECT. Only while something is recorded. */
bool record_direct(int fd, struct identity *id);

/* What a number has come to stand for, is the same as another, is about to stand for nothing. */
void record_opened(int fd, bool direct);
void record_duplicated(int from, int to);
void record_closes(int fd);

/* The file's place, made if there is none yet. Null if all are taken. */
struct record_file *record_file(struct record *rec, const struct identity *id, int fd);

#endif
