/*
 * Calls at the same time as misaligned ones (promises P3, P5, P6 and P8).
 *
 * Threads, forked children and ordinary descriptors use the same description, file, bytes, offset,
 * flags, number or memory at the same time. There is one mode for each of these. It counts results
 * that an ordinary file would never give. neighbours.bats runs this program under the shim. With
 * --ordinary the same calls are made on ordinary descriptors, and must pass, too.
 */
#ifndef DIOSHIM_TEST_NEIGHBOURS_H
#define DIOSHIM_TEST_NEIGHBOURS_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "stress_util.h"

enum { SKIPPED = 77 };

/* The options. */
struct scene {
	const char *path; /* a directory or a block device; for "once" also a file */
	double seconds;
	uint64_t seed;
	int processes; /* 1: without forked children where threads can do the same */
	bool device;
	bool ordinary;
};

extern struct scene scene;

/* Counts of all processes. */
struct tally {
	_Atomic uint64_t calls, misaligned, checks, wrong;
};

extern struct tally *tally;

/* Counts a wrong result, and prints the first few. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Checks a condition and returns its value. If it is false, passes the message to wrong(). */
#define checked(holds, ...) \
	(atomic_fetch_add(&tally->checks, 1), (holds) ? true : (wrong(__VA_ARGS__), false))

/* Prints how often the test has done `what`. Fails if never, because then it has shown nothing. */
void exercised(const char *what, uint64_t times);

/* Exits with SKIPPED: this machine or kernel does not support the mode. */
void skipped(const char *why) __attribute__((noreturn));

/* Counts a read or write, and whether direct I/O would have refused it. */
void count_call(const void *memory, size_t len, off_t pos);

/* --- files and descriptors --- */

struct place {
	char path[PATH_MAX];
};

/* Returns the path of a file in the directory, or of the device itself. */
struct place place_of(const char *name);

/* Open for reading and writing, with O_CREAT. The first sets O_DIRECT unless --ordinary. */
int open_direct(const char *path, int flags);
int open_ordinary(const char *path, int flags);

/* Makes a new file with these bytes. Nothing of it is in the page cache. */
void prepare_file(const char *path, const void *bytes, size_t len);

/* Checks that O_DIRECT is still set as open_direct() did. */
void check_direct_flag(int fd, const char *when);

/* Checks that fsync on a new descriptor succeeds. */
void check_fsync(const char *path);

/* Checks that the device holds these bytes. */
void check_bytes(const char *path, const unsigned char *bytes, size_t len);

/*
 * Returns all bytes of a file, read directly (with --ordinary, through the page cache). To be freed
 * by page_memory_free(bytes, size + 8192).
 */
unsigned char *file_bytes(const char *path, size_t *size);

/* Make a call and count it: pread() or pwrite(), or read() or write() if `pos` is -1. */
ssize_t put_bytes(int fd, const void *bytes, size_t len, off_t pos);
ssize_t get_bytes(int fd, void *bytes, size_t len, off_t pos);

/* --- threads --- */

struct crew {
	pthread_t threads[16];
	int count;
};

void crew_add(struct crew *c, void *(*main)(void *), void *argument);
void crew_wait(struct crew *c);

/* Runs `main` in `count` forked children and waits for them. */
void fork_crew(int count, void (*main)(int number));

/* --- pages that are not on the device --- */

/* Access to the states of a file's pages. */
struct dirt {
	bool known; /* false without root, on tmpfs and with --ordinary */
	int pagemap, kpageflags;
	unsigned char *map;
	size_t len;
};

/* The result is valid in the calling process only. */
struct dirt dirt_open(const char *path, size_t len);
void dirt_close(struct dirt *d);

/* Returns how many pages of the range are dirty or under writeback; 0 if not known. */
unsigned dirt_in(const struct dirt *d, size_t pos, size_t len);

/* --- records --- */

enum { RECORD_WRITERS = 8, RECORDS_MAX = 1 << 15, RECORD_LONGEST = 150000 };

/* Which records were written, in memory that all processes share. */
struct ledger {
	_Atomic uint32_t sent[RECORD_WRITERS]; /* number of each writer's records */
	_Atomic uint64_t bytes;
	uint32_t counts[RECORD_WRITERS][RECORDS_MAX]; /* bytes written of each record */
};

size_t record_length(int writer, uint32_t seq);
/* Makes the first `len` bytes of a record. None of them is 0. */
void record_make(unsigned char *into, int writer, uint32_t seq, size_t len);
/* Records that `count` bytes of the writer's next record were written. */
void ledger_add(struct ledger *l, int writer, size_t count);
/* Returns whether this writer may write another record in this round. */
bool ledger_open(struct ledger *l, int writer, double deadline);

/* One writer of records. */
struct record_writer {
	struct ledger *ledger;
	int id; /* its number in the ledger */
	int fd;
	double deadline;
	const char *what;	       /* the case, for messages */
	bool (*retries)(ssize_t done); /* repeats a write with this result; NULL: never */
};

/* Writes records at the descriptor's offset, or appends them, until ledger_open() returns false. */
void write_records(const struct record_writer *w);

/* Which records have been found so far. */
struct findings {
	uint32_t next[RECORD_WRITERS];
	uint64_t found;
};

/*
 * Checks that the file consists of whole records, each writer's in order. `gaps` allows zeros
 * between them.
 */
void check_records(const struct ledger *l, struct findings *f, const char *path, bool gaps);
/* Checks that all records of the ledger have been found. */
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
void mode_nowait(void);

#endif
