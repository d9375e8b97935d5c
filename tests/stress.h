/*
 * Disjoint writers lose nothing (promise P5).
 *
 * The file is divided into ranges of odd sizes that meet inside sectors and pages. Each belongs to
 * one writer: a thread of a process under the shim, or a process without it. All write repeatedly,
 * and read back only their own ranges, which no other writer may have changed.
 */
#ifndef DIOSHIM_TEST_STRESS_H
#define DIOSHIM_TEST_STRESS_H

#include <stdatomic.h>

#include "stress_util.h"

enum {
	WRITERS_MAX = 15, /* stress_byte() has four bits for them */
	RANGES_MAX = 1 << 16,
	RANGE_LONGEST = 50000,
};

struct options {
	const char *path;
	double seconds;
	int threads;   /* in each process */
	int processes; /* under the shim */
	int plain;     /* processes without the shim */
	uint64_t seed;
	size_t size; /* of the file, or of the part of the device that is used */
	bool block_device;
	bool write_only; /* descriptors that cannot read; then there are no aligned neighbours */
	bool extend;	 /* each range is written once, and together they make the file longer */
};

int writers_under_shim(const struct options *o);
int writers_in_all(const struct options *o);

/* A range of the file that only one writer writes. */
struct range {
	uint32_t start;
	uint32_t len;
	uint8_t writer;
	bool sectors; /* whole sectors, written by aligned calls */
};

/* Memory that the processes share. */
struct arena {
	struct options options;
	size_t sector;
	size_t size;
	double deadline;
	size_t range_count;
	struct range ranges[RANGES_MAX];
	_Atomic uint64_t writes, written, reads, wrong;
	_Atomic uint64_t started_end, completed_end; /* of the highest write */
	_Atomic bool over;
	unsigned char expected[]; /* each byte is set by the writer that owns it */
};

/* Divides the file into ranges. Sets arena->size a little below --size, to end inside a page. */
void layout(struct arena *a, uint64_t seed);

/*
 * Returns the byte that writer `id` writes at `pos` in its `generation`. It tells a lost update,
 * another writer's byte and a byte of another position apart. Writer 0 prepares the file.
 */
unsigned char stress_byte(int id, unsigned generation, size_t pos);

/*
 * Compares `got` with the bytes expected from `pos` on. Returns how many differ, and explains the
 * first one on stderr. `who` begins the message.
 */
size_t judge(struct arena *a, const char *who, const unsigned char *got, size_t pos, size_t len);

/* How a writer got its descriptor. */
enum way {
	WAY_OWN,       /* opened by the writer */
	WAY_SHARED,    /* shared by threads of the process */
	WAY_DUP,       /* a duplicate of that one */
	WAY_INHERITED, /* inherited by fork: one description for all processes */
	WAY_PASSED,    /* passed by SCM_RIGHTS: one description for all processes */
	WAY_DSYNC,     /* opened by the writer with O_DSYNC */
	WAY_PLAIN,     /* opened by the writer, buffered and without the shim */
	WAYS,
};

extern const char *const way_names[WAYS];

int open_direct(const struct options *o, int flags);

/* The description that is inherited, and the sockets by which another one is passed. */
struct supply {
	int inherited;
	int sockets[2];
};

struct supply supply_open(const struct options *o);
/* Opens another description and sends it `count` times. */
void supply_send(const struct supply *s, const struct options *o, int count);
int supply_receive(const struct supply *s);
void supply_close(const struct supply *s);

struct writer {
	struct arena *arena;
	int id;
	enum way way;
	int fd;
	int read_fd; /* the same as fd unless write_only */
	unsigned generation;
	struct rng rng;
	const struct range **own; /* in ascending order */
	size_t own_count;
	unsigned char *buffer; /* page-aligned */
};

/* Writes and reads back until the deadline, or with --extend writes each range once. */
void writer_run(struct writer *w);

/* Checks the size of a growing file until arena->over. */
void watch_size(struct arena *a);

/* Checks the file at the end of a round: on the device, and through the page cache. */
void verify(struct arena *a);

#endif
