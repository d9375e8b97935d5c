/*
 * Disjoint writers lose nothing (promise P5).
 *
 * The file is cut into ranges of odd sizes that meet inside sectors and pages, and each belongs to
 * one writer: a thread of a process under the shim, or a process that does without it. Everybody
 * writes all the time, and reads back only what is its own, which nobody else may have changed.
 */
#ifndef DIOSHIM_TEST_STRESS_H
#define DIOSHIM_TEST_STRESS_H

#include <stdatomic.h>

#include "stress_util.h"

enum {
	WRITERS_MAX = 15, /* fit in the four bits that stress_byte() has for them */
	RANGES_MAX = 1 << 16,
	RANGE_LONGEST = 50000,
};

struct options {
	const char *path;
	double seconds;
	int threads;   /* in each process */
	int processes; /* under the shim */
	int plain;     /* processes that do without the shim */
	uint64_t seed;
	size_t size;   /* bytes of the file that are fought over */
	bool block_device;
	bool write_only; /* descriptors that cannot be read; then there are no aligned neighbours */
	bool extend;   /* each range is written once, and together they make the file longer */
};

int writers_under_shim(const struct options *o);
int writers_in_all(const struct options *o);

/* A range of the file that only one writer writes. */
struct range {
	uint32_t start;
	uint32_t len;
	uint8_t writer;
	bool sectors; /* whole sectors of the device: to be written directly, as they are */
};

/* All that the processes share. */
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
	unsigned char expected[]; /* each byte is the business of the writer that owns it */
};

/* Cut arena->size bytes into ranges. May make the size a little less, to end at an odd byte. */
void layout(struct arena *a, uint64_t seed);

/*
 * What writer `id` writes at `pos` in its `generation`: a lost update, somebody else's byte and one
 * from another place can be told apart. Writer 0 is who prepared the file.
 */
unsigned char stress_byte(int id, unsigned generation, size_t pos);

/* `got` should be what is expected from `pos` on. Returns how many bytes are not, and says
 * something about the first of them. `who` noticed. */
size_t judge(struct arena *a, const char *who, const unsigned char *got, size_t pos, size_t len);

/* How a writer came by its descriptor. */
enum way {
	WAY_OWN,       /* opened it */
	WAY_SHARED,    /* all threads of the process use this one */
	WAY_DUP,       /* dup of that */
	WAY_INHERITED, /* fork: a description common to all processes */
	WAY_PASSED,    /* SCM_RIGHTS: another such */
	WAY_DSYNC,     /* opened it, with O_DSYNC */
	WAY_PLAIN,     /* opened it, buffered, and writes past the shim */
	WAYS,
};

extern const char *const way_names[WAYS];

int open_direct(const struct options *o, int flags);

/* Descriptions made before the processes fork, and how the passed one gets there. */
struct supply {
	int inherited;
	int sockets[2];
};

struct supply supply_open(const struct options *o);
/* Send `count` copies of one more description. */
void supply_send(const struct supply *s, const struct options *o, int count);
int supply_receive(const struct supply *s);
void supply_close(const struct supply *s);

struct writer {
	struct arena *arena;
	int id;
	enum way way;
	int fd;
	int read_fd; /* the same, but with write_only */
	unsigned generation;
	struct rng rng;
	const struct range **own; /* in ascending order */
	size_t own_count;
	unsigned char *buffer; /* begins a page */
};

/* One writer's life, until the deadline. */
void writer_run(struct writer *w);

/* Follow the file's size, with extend, until arena->over. */
void watch_size(struct arena *a);

/* What the device holds in the end. */
void verify(struct arena *a);

#endif
