/*
 * One call, one range (promise P6).
 *
 * Threads and processes append records to one file, or write and read through one file offset. Each
 * record must be in the file exactly once and in one piece, each writer's records must be in the
 * order in which they were written, and each byte must be read once.
 */
#ifndef DIOSHIM_TEST_APPEND_H
#define DIOSHIM_TEST_APPEND_H

#include <stdatomic.h>

#include "stress_util.h"

enum {
	WORKERS_MAX = 15,   /* a record has four bits for the writer */
	LONGEST = 100000,   /* bytes of a record or a read */
	ROOM = 8 << 20,	    /* bytes that a round may move in total */
	POSITION_CODED = 7, /* so many bytes of a prepared file tell their position */
	SHORT_READS = 1 << 17,
};

struct options {
	const char *path;
	const char *what;
	double seconds;
	int threads;
	int processes;
	uint64_t seed;
};

/* A read that is too short to tell the position of its bytes. */
struct short_read {
	uint8_t len;
	unsigned char bytes[POSITION_CODED - 1];
};

/* Memory that the processes of a round share. */
struct round {
	uint64_t seed;
	double deadline;
	_Atomic uint64_t asked;			/* bytes of all calls that were allowed */
	_Atomic uint32_t sent[WORKERS_MAX + 1]; /* number of records, by writer */
	_Atomic uint32_t short_count;
	struct short_read short_reads[SHORT_READS];
	_Atomic uint8_t seen[ROOM]; /* how often each byte was read */
};

struct worker {
	const struct options *options;
	struct round *round;
	int id; /* from 1 on */
	int fd;
	bool plain;   /* appends without the shim, on a buffered descriptor */
	bool by_flag; /* appends with RWF_APPEND, on a descriptor without O_APPEND */
	struct rng rng;
	unsigned char *buffer; /* page-aligned */
};

/* Returns whether `len` more bytes may be moved in this round, and counts them. */
bool round_allows(struct round *r, size_t len);

int open_file(const struct options *o, int flags);

/* Returns an address in the worker's buffer, mostly one that direct I/O does not accept. */
unsigned char *any_address(struct worker *w);

/* The length and the contents of record `seq` of writer `id`. */
size_t record_length(const struct round *r, int id, uint32_t seq);
void record_make(const struct round *r, int id, uint32_t seq, unsigned char *into);

/*
 * Returns the length of the record at the start of `bytes`, or 0 if there is none. `next` has the
 * number of each writer's next record, and is increased.
 */
size_t record_check(const struct round *r, const unsigned char *bytes, size_t room, uint32_t *next);

/* Checks that all records that were sent have been found. */
void records_complete(const struct round *r, const uint32_t *next);

/* Sends records, one call each, until the round ends. */
void send_records(struct worker *w, ssize_t (*send)(struct worker *, unsigned char *, size_t));
ssize_t send_append(struct worker *w, unsigned char *bytes, size_t len);
ssize_t send_at_offset(struct worker *w, unsigned char *bytes, size_t len);

/* A file whose bytes encode their position. */
void prepare_coded(const struct options *o);
bool is_coded(const unsigned char *bytes, size_t pos, size_t len);

/* Read at the shared offset: until the end of the file, or until the round allows no more. */
void read_to_end(struct worker *w);
void read_while_allowed(struct worker *w);

/* Checks that every byte of the file up to `end` was read once. */
void all_read_once(struct round *r, size_t end);

#endif
