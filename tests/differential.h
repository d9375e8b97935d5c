/*
 * The differential test makes every random call twice: on an O_DIRECT file through the public
 * functions of the C library, and so through the shim when it is preloaded; and on an ordinary file
 * through syscall(2), which the shim does not intercept. Afterwards everything that a program can
 * observe must be the same.
 *
 *   differential.c         the options and the main loop
 *   differential_choose.c  chooses the next call
 *   differential_memory.c  chooses its memory
 *   differential_random.c  random numbers
 *   differential_calls.c   calls that move data
 *   differential_state.c   calls that change files and descriptors
 *   differential_check.c   the comparison
 *   differential_report.c  the output
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifndef RWF_HIPRI /* musl 1.2.3 */
#define RWF_HIPRI 0x01
#define RWF_DSYNC 0x02
#define RWF_SYNC 0x04
#define RWF_APPEND 0x10
#endif
#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20 /* Linux 6.9 */
#endif

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

enum which { ORDINARY, DIRECT, SIDES };

#define SLOTS 4			      /* descriptors of a side; some are duplicates */
#define ARENA ((size_t)12 << 20)      /* memory for the buffers */
#define ARENA_TAIL ((size_t)1 << 20)  /* its last part, for buffers that run past its end */
#define ARENA_HOLE ((size_t)64 << 10) /* inaccessible, after the arena; then more good memory */
#define ARENA_GUARD ((size_t)8 << 10) /* compared around the buffers, must not change */
#define MOST_PIECES (IOV_MAX + 1)
#define LARGE_FILE ((off_t)8 << 20) /* larger files are truncated to keep comparisons cheap */

/* The file or device of one side. */
struct side {
	const char *path;
	int fd[SLOTS];
	int witness; /* an ordinary descriptor for the checks and for other programs' writes */
	unsigned char *arena;
};

struct scene {
	struct side side[SIDES];
	bool block_device;
	off_t device_size; /* of a block device */
	off_t most_size;   /* the filesystem's limit, or the size of the device */
	bool xfs, ext4;
	bool emulated; /* by qemu-user: no bad memory, no preadv2(2) and pwritev2(2) */
	uint64_t seed;
	long number; /* of the current call, from 1 on */
};

/* A random stream. Calls and checks have separate ones, so that checks do not affect calls. */
struct random {
	uint64_t state;
};

uint64_t random_word(struct random *r);
uint64_t below(struct random *r, uint64_t bound); /* 0 .. bound - 1 */
bool one_in(struct random *r, unsigned n);
void random_fill(struct random *r, unsigned char *to, size_t len);
uint64_t round_up(uint64_t value, uint64_t unit);
uint64_t around_units(struct random *r, uint64_t bound);

/* Chooses one of these ints with equal probability. */
#define CHOOSE(r, ...) \
	((const int[]){ __VA_ARGS__ }[below(r, COUNT_OF(((const int[]){ __VA_ARGS__ })))])

enum op {
	OP_READ,
	OP_PREAD,
	OP_READV,
	OP_PREADV,
	OP_PREADV2,
	OP_WRITE,
	OP_PWRITE,
	OP_WRITEV,
	OP_PWRITEV,
	OP_PWRITEV2,
	OP_LAST_TRANSFER = OP_PWRITEV2,
	OP_SEEK,
	OP_TRUNCATE,
	OP_REOPEN,
	OP_DUP,
	OP_SETFL,
	OP_ALLOCATE,
	OP_BYSTANDER,
	OPS
};

/* Where a buffer lies. */
enum place {
	PLACE_ARENA, /* at `at` in the side's arena; may run past its end */
	PLACE_NULL,
	PLACE_KERNEL, /* an address outside user space */
};

struct piece {
	enum place place;
	size_t at;
	size_t len;
};

struct call {
	enum op op;
	unsigned slot;
	unsigned door; /* selects one of several equivalent functions */
	off_t pos;
	int flags; /* RWF_*, O_*, SEEK_*, FALLOC_FL_* */
	unsigned other_slot;
	bool limited;
	rlim_t limit;	/* RLIMIT_FSIZE during the call */
	bool no_vector; /* the address of the iovec array is bad */
	int count;	/* the iovec count as passed, which may be invalid */
	struct piece pieces[MOST_PIECES];
	size_t used;   /* the arena is filled and compared from 0 to here, */
	size_t tail;   /* and from here to its end */
	uint64_t fill; /* seed of the arena's contents */
};

/* What a program can observe of a call. */
struct outcome {
	long ret;
	int err;
	off_t size;
	off_t offset;
	int flags;	  /* F_GETFL */
	unsigned signals; /* SIGXFSZ */
};

static inline bool is_transfer(const struct call *c)
{
	return c->op <= OP_LAST_TRANSFER;
}

static inline bool is_read(const struct call *c)
{
	return c->op <= OP_PREADV2;
}

static inline bool is_write(const struct call *c)
{
	return is_transfer(c) && !is_read(c);
}

static inline bool is_vectored(const struct call *c)
{
	return is_transfer(c) && c->op != OP_READ && c->op != OP_PREAD && c->op != OP_WRITE &&
	       c->op != OP_PWRITE;
}

static inline bool is_positional(const struct call *c)
{
	bool takes_minus_one = c->op == OP_PREADV2 || c->op == OP_PWRITEV2;

	return is_transfer(c) && c->op != OP_READ && c->op != OP_READV && c->op != OP_WRITE &&
	       c->op != OP_WRITEV && !(takes_minus_one && c->pos == -1);
}

/* Returns the total length of a transfer, or SIZE_MAX if it overflows. */
static inline size_t asked_bytes(const struct call *c)
{
	size_t sum = 0;

	for (int i = 0; i < c->count && i < MOST_PIECES; i++)
		if (__builtin_add_overflow(sum, c->pieces[i].len, &sum))
			return SIZE_MAX;
	return sum;
}

off_t end_of(const struct scene *s);
unsigned char *make_arena(void);
void choose_pieces(struct call *c, const struct scene *s, struct random *r, size_t length_unit,
		   size_t address_unit);
void choose_call(struct call *c, const struct scene *s, struct random *r);

/* Make the call on one side. Return its return value and leave errno as it set it. */
long make_transfer(const struct call *c, const struct scene *s, enum which which);
long make_change(const struct call *c, struct scene *s, enum which which);
void fill_arenas(const struct call *c, const struct scene *s);
void open_everything(struct scene *s);
void make_alike(const struct scene *s); /* copies the ordinary side's state after a mismatch */

struct outcome observe(const struct scene *s, enum which which, unsigned slot);
void forgive_unread(const struct call *c, const struct scene *s, long ret);
bool same_memory(const struct call *c, const struct scene *s);
bool same_range(const struct scene *s, off_t from, off_t to, off_t *differs);
bool same_contents(const struct scene *s, bool whole, off_t *differs);
bool same_offsets(const struct scene *s);
void drop_cached(const struct scene *s);

void print_call(FILE *to, const struct call *c, const struct scene *s);
void print_outcome(FILE *to, const char *name, const struct outcome *o);
void print_mismatch(const struct call *c, const struct scene *s, const struct outcome *o,
		    const char *what, off_t differs);
void count_outcome(const struct call *c, const struct outcome *o);
void print_tally(void);

#endif
