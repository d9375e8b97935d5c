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
 *   differential_number.c  the same through syscall(2), by number
 *   differential_print.c   dprintf
 *   differential_stream.c  streams of stdio
 *   differential_copy.c    sendfile, splice, copy_file_range
 *   differential_aio.c     Linux AIO
 *   differential_posix.c   POSIX AIO
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
	int spare;   /* the other file of copies */
	unsigned char *arena;
};

struct scene {
	struct side side[SIDES];
	bool block_device;
	bool refused;	   /* the file system refuses O_DIRECT: DIOSHIM_REFUSED=buffered */
	off_t device_size; /* of a block device */
	off_t most_size;   /* the filesystem's limit, or the size of the device */
	bool xfs, ext4;
	bool grows_on_fault; /* a write beyond the end from bad memory fails, and the file is longer */
	bool grows_on_direct_fault; /* so does an aligned direct write at the end or to it */
	bool no_direct_append;	    /* O_DIRECT and O_APPEND together are refused */
	bool faults_whole;	    /* a write from memory that is good in part fails */
	bool no_aio;   /* FUSE reports no alignment, so AIO that it refuses stays refused */
	bool emulated; /* by qemu-user: no preadv2(2), no AIO, and bad memory is refused as a whole */
	bool unseen[SLOTS]; /* the shim has not seen of which other number this is a copy */
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
	OP_AIO_READ,
	OP_AIO_READV,
	OP_AIO_WRITE,
	OP_AIO_WRITEV,
	OP_POSIX_READ,
	OP_POSIX_WRITE,
	OP_LIST_READ,
	OP_LIST_WRITE,
	OP_PRINT,
	OP_STREAM,
	OP_SENDFILE_FROM,
	OP_SENDFILE_TO,
	OP_RANGE_FROM,
	OP_RANGE_TO,
	OP_RANGE_WITHIN,
	OP_SPLICE_FROM,
	OP_SPLICE_TO,
	OP_SEEK,
	OP_TRUNCATE,
	OP_REOPEN,
	OP_DUP,
	OP_SETFL,
	OP_ALLOCATE,
	OP_BYSTANDER,
	OPS
};

/* musl's streams make system calls that cannot be replaced. */
#ifdef __GLIBC__
enum { STREAMS_ARE_COVERED = true };
#else
enum { STREAMS_ARE_COVERED = false };
#endif

/* What a call is. */
enum {
	READS = 1 << 0,
	WRITES = 1 << 1,
	VECTOR = 1 << 2,    /* several pieces */
	POSITION = 1 << 3,  /* at a position of its own, not at the file offset */
	RWF = 1 << 4,	    /* takes RWF_ flags */
	MINUS_ONE = 1 << 5, /* the position -1 is the file offset */
	COPIES = 1 << 6,    /* between two descriptors, without memory of the program */
};
extern const unsigned op_is[OPS];

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
	int flags;	 /* RWF_*, O_*, SEEK_*, FALLOC_FL_*, SPLICE_F_* */
	bool implied;	 /* a copy at the file offsets; then its positions are NULL */
	off_t other_pos; /* of the other descriptor of a copy */
	bool other_direct;
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
	return op_is[c->op] & (READS | WRITES);
}

static inline bool is_read(const struct call *c)
{
	return op_is[c->op] & READS;
}

static inline bool is_write(const struct call *c)
{
	return op_is[c->op] & WRITES;
}

static inline bool is_vectored(const struct call *c)
{
	return op_is[c->op] & VECTOR;
}

static inline bool is_copy(const struct call *c)
{
	return op_is[c->op] & COPIES;
}

static inline bool is_aio(const struct call *c)
{
	return c->op >= OP_AIO_READ && c->op <= OP_AIO_WRITEV;
}

static inline bool is_posix(const struct call *c)
{
	return c->op >= OP_POSIX_READ && c->op <= OP_LIST_WRITE;
}

/* Several requests, each with one piece. */
static inline bool is_list(const struct call *c)
{
	return c->op == OP_LIST_READ || c->op == OP_LIST_WRITE;
}

static inline bool is_positional(const struct call *c)
{
	return op_is[c->op] & POSITION && !(op_is[c->op] & MINUS_ONE && c->pos == -1);
}

/* Whether the direct side makes the call through syscall(2), by its number. */
static inline bool is_by_number(const struct call *c)
{
	return c->op <= OP_PWRITEV2 && c->door % 7 == 0;
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
long by_number(const struct call *c, int fd, void *buf, size_t len, const struct iovec *vector);
long make_aio(const struct call *c, int fd, void *memory, enum which which);
long make_posix(const struct call *c, int fd, const struct iovec *pieces, enum which which);
long make_print(const struct call *c, int fd, const char *text, enum which which);
void make_text(const struct call *c, const struct scene *s);

/*
 * The same for calls whose results are more than one number, which are kept for the comparison. It returns what
 * differs, or NULL.
 */
void choose_stream(struct call *c, const struct scene *s, struct random *r);
long make_stream(const struct call *c, const struct scene *s, enum which which);
const char *stream_difference(void);
void open_spare(struct scene *s, struct side *side);
void choose_copy(struct call *c, const struct scene *s, struct random *r);
long make_copy(const struct call *c, const struct scene *s, enum which which);
const char *copy_difference(const struct scene *s);

/* A function of the C library itself, for the ordinary side: what the shim has not replaced. */
void *own_function(const char *name);

off_t choose_offset(const struct scene *s, struct random *r);
size_t choose_length(struct random *r);
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
void count_outcome(const struct call *c, const struct outcome *o, bool direct);
void print_tally(void);
bool all_were_misaligned(const struct scene *s); /* at least once; prints those that were not */

#endif
