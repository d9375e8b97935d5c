/*
 * What the neighbours of a misaligned call get to see (promises P3, P5, P6 and P8).
 *
 * Threads, forked children and ordinary descriptors use the same description, file, bytes, offset,
 * flags, number or memory at the same time. There is one mode for each of these, and each counts
 * what an ordinary file would never have answered. neighbours.bats starts this program under the
 * shim; with --ordinary the same calls are made on ordinary descriptors, and must not fail either.
 */
#ifndef DIOSHIM_TEST_NEIGHBOURS_H
#define DIOSHIM_TEST_NEIGHBOURS_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "stress_util.h"

enum { SKIPPED = 77 };

/* Where it is played, and how long. */
struct scene {
	const char *path; /* a directory, or a block device, or what the mode says */
	double seconds;
	uint64_t seed;
	int processes; /* 1: nothing is played between processes that could be played in one */
	bool device;
	bool ordinary;
};

extern struct scene scene;

/* All processes count here. */
struct tally {
	_Atomic uint64_t calls, misaligned, checks, wrong;
};

extern struct tally *tally;

/* Something that must not be. Counted; the first few are said. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A check: the rest is said if it does not hold. Gives what it was about. */
#define checked(holds, ...) \
	(atomic_fetch_add(&tally->checks, 1), (holds) ? true : (wrong(__VA_ARGS__), false))

/* The test has really done `what`, or it has shown nothing. */
void exercised(const char *what, uint64_t times);

/* This machine or kernel does not let us play. */
void skipped(const char *why) __attribute__((noreturn));

/* A data call is counted, and whether direct I/O would have refused it. */
void count_call(const void *memory, size_t len, off_t pos);

/* --- files and descriptors --- */

struct place {
	char path[PATH_MAX];
};

/* A file of this scene, or the device itself. */
struct place place_of(const char *name);

/* Readable and writable, made if need be. The first is O_DIRECT unless the scene is ordinary. */
int open_direct(const char *path, int flags);
int open_ordinary(const char *path, int flags);

/* A file with these bytes and no others, of which nothing is in the page cache. */
void prepare_file(const char *path, const void *bytes, size_t len);

/* Is the flag as it was when open_direct() made the descriptor? */
void check_direct_flag(int fd, const char *when);

/* fsync on a descriptor of its own answers 0. */
void check_fsync(const char *path);

/* The device holds these bytes. */
void check_bytes(const char *path, const unsigned char *bytes, size_t len);

/* All bytes of a file, as a direct read finds them; for page_memory_free(..., size + 8192). */
unsigned char *file_bytes(const char *path, size_t *size);

/* Data calls that are counted; `pos` of -1 is for read() and write(). */
ssize_t put_bytes(int fd, const void *bytes, size_t len, off_t pos);
ssize_t get_bytes(int fd, void *bytes, size_t len, off_t pos);

/* --- threads --- */

struct crew {
	pthread_t threads[16];
	int count;
};

void crew_add(struct crew *c, void *(*main)(void *), void *argument);
void crew_wait(struct crew *c);

/* What `main` does in `count` forked children, after which each is done. */
void fork_crew(int count, void (*main)(int number));

/* --- pages that are not on the device --- */

struct dirt {
	bool known; /* as root, and where there is a device behind the page cache */
	int pagemap, kpageflags;
	unsigned char *map;
	size_t len;
};

/* Of a file, as seen by the process that calls. */
struct dirt dirt_open(const char *path, size_t len);
void dirt_close(struct dirt *d);

/* How many pages of the range are dirty, or still on their way? */
unsigned dirt_in(const struct dirt *d, size_t pos, size_t len);

/* --- records --- */

enum { RECORD_WRITERS = 8, RECORDS_MAX = 1 << 15, RECORD_LONGEST = 150000 };

/* What was written of each writer's records, by number: in memory that all processes share. */
struct ledger {
	_Atomic uint32_t sent[RECORD_WRITERS];
	_Atomic uint64_t bytes;
	uint32_t counts[RECORD_WRITERS][RECORDS_MAX];
};

size_t record_length(int writer, uint32_t seq);
/* No byte of a record is 0. */
void record_make(unsigned char *into, int writer, uint32_t seq, size_t len);
/* `count` bytes of the writer's next record were taken. */
void ledger_add(struct ledger *l, int writer, size_t count);
/* Is there room for more records of this writer, and in this round? */
bool ledger_open(struct ledger *l, int writer, double deadline);

/* One writer of records. */
struct record_writer {
	struct ledger *ledger;
	int id; /* its number in the ledger */
	int fd;
	double deadline;
	const char *what;	     /* the case, for messages */
	bool (*retries)(ssize_t done); /* repeats a write with this result; NULL: never */
};

/* Writes records at the descriptor's offset, or appends them, until ledger_open() returns false. */
void write_records(const struct record_writer *w);

/* Which records have been found so far. */
struct findings {
	uint32_t next[RECORD_WRITERS];
	uint64_t found;
};

/* The file's bytes are whole records in their order; also zeros between them, with `gaps`. */
void check_records(const struct ledger *l, struct findings *f, const char *path, bool gaps);
/* All have been found. */
void check_all_found(const struct ledger *l, const struct findings *f);

/* --- the modes --- */

void mode_shared(void);
void mode_overlap(void);
void mode_beside(void);
void mode_rotation(void);
void mode_offset(void);
void mode_followed(void);
void mode_flags(void);
void mode_endings(void);
void mode_once(void);
void mode_secret(void);
void mode_truncated(void);
void mode_served(void);

#endif
