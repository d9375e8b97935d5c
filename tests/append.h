/*
 * One call, one range (promise P6).
 *
 * Threads and processes append records to one file, or write and read through one file offset. Each
 * record must be whole, in one piece, there once, and its writer's records in the order of their
 * writing; each byte must be read once.
 */
#ifndef DIOSHIM_TEST_APPEND_H
#define DIOSHIM_TEST_APPEND_H

#include <stdatomic.h>

#include "stress_util.h"

enum {
	WORKERS_MAX = 15,	/* fit in the four bits that a record has for them */
	LONGEST = 100000,	/* bytes of a record or a read */
	ROOM = 8 << 20,		/* bytes that a round may move in all */
	POSITION_CODED = 7,	/* bytes of a prepared file that tell where they are from */
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

/* Bytes of a read that are too few to tell where they are from. */
struct short_read {
	uint8_t len;
	unsigned char bytes[POSITION_CODED - 1];
};

/* All that the processes of a round share. */
struct round {
	uint64_t seed;
	double deadline;
	_Atomic uint64_t asked;		       /* bytes that somebody has set out to move */
	_Atomic uint32_t sent[WORKERS_MAX + 1]; /* records, by writer */
	_Atomic uint32_t short_count;
	struct short_read short_reads[SHORT_READS];
	_Atomic uint8_t seen[ROOM]; /* how often has this byte been read? */
};

struct worker {
	const struct options *options;
	struct round *round;
	int id; /* from 1 on */
	int fd;
	bool plain; /* append past the shim: the descriptor is buffered */
	bool by_flag; /* append by RWF_APPEND: the descriptor is not O_APPEND */
	struct rng rng;
	unsigned char *buffer; /* begins a page */
};

/* May `len` more bytes be moved in this round? Then they are counted as asked for. */
bool round_allows(struct round *r, size_t len);

int open_file(const struct options *o, int flags);

/* Where a worker's bytes are: mostly at an address that direct I/O does not take. */
unsigned char *any_address(struct worker *w);

/* Records: how long writer `id`'s record `seq` is, what is in it. */
size_t record_length(const struct round *r, int id, uint32_t seq);
void record_make(const struct round *r, int id, uint32_t seq, unsigned char *into);

/* Where a record stands in `bytes`: its length, 0 if there is none. `next` is, by writer, the
 * number of the record that has to come next; it is counted up. */
size_t record_check(const struct round *r, const unsigned char *bytes, size_t room, uint32_t *next);

/* Have all records that were sent come? */
void records_complete(const struct round *r, const uint32_t *next);

/* Send records, one call each, until the round ends. */
void send_records(struct worker *w, ssize_t (*send)(struct worker *, unsigned char *, size_t));
ssize_t send_append(struct worker *w, unsigned char *bytes, size_t len);
ssize_t send_at_offset(struct worker *w, unsigned char *bytes, size_t len);

/* A file whose bytes tell where they are from. */
void prepare_coded(const struct options *o);
bool is_coded(const unsigned char *bytes, size_t pos, size_t len);

/* Read on at the shared offset: until the end of the file, or of what the round allows. */
void read_to_end(struct worker *w);
void read_while_allowed(struct worker *w);

/* Was every byte of the file up to `end` read once? */
void all_read_once(struct round *r, size_t end);

#endif
