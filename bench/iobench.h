/* What the parts of iobench share. See iobench.c for its purpose and usage. */
#ifndef DIOSHIM_IOBENCH_H
#define DIOSHIM_IOBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PAGE = 4096,
	HUGE_PAGE = 2 << 20,
	THREADS_MOST = 256,
	TIMES_MOST = 1 << 16, /* calls of one thread and batch whose times are kept */
	STACK_TOUCHED = 16 << 10,
	APART = 128, /* bytes: two cache lines, because they are prefetched in pairs */
};

struct worker;

/* What an op does, as bits. */
enum op_is {
	ON_FILE = 1,   /* works on the file named by --file, else on /dev/null or nothing */
	TRANSFERS = 2, /* measures direct I/O */
	WRITES = 4,
	GROWS = 8, /* starts from an empty file in each batch */
};

struct op {
	const char *name;
	unsigned is; /* enum op_is */
	/* Makes one call. Returns the bytes moved, NO_MORE, or -1 with errno set. */
	ssize_t (*once)(struct worker *w);
};

/* The file has its full length, so the batch ends. */
#define NO_MORE (-2)

enum sync_with { SYNC_FILE, SYNC_DATA, SYNC_RANGE, SYNC_OPEN };

/* What is measured, from the command line. */
struct setup {
	const struct op *op;
	const char *path;
	uint64_t file_size;
	size_t size;	  /* the aligned size; a call moves size - shorten bytes */
	size_t shorten;	  /* bytes: makes the length misaligned */
	size_t addr_off;  /* bytes past a page boundary */
	uint64_t pos_off; /* bytes past an aligned offset */
	unsigned threads;
	unsigned buffers;    /* per thread, used in turn */
	size_t record;	     /* bytes; for the op `records` */
	uint64_t sync_every; /* in calls; 0: one fsync at the end of a batch, if buffered */
	int sync_with;	     /* enum sync_with */
	bool random;
	bool stream; /* read() and write() at the description's own offset */
	bool append;
	bool huge;
	bool buffered;	/* no O_DIRECT; fsync, or a cold cache */
	bool by_hand;	/* misaligned calls are aligned here, as a program would */
	bool own_files; /* one file per thread; else one descriptor for all */
	bool timed;	/* read the clock around each call */
	bool meet;	/* each call also writes to memory that all threads write to */
	bool spread;	/* bind each thread to a CPU, in turn */
	bool stacks;	/* print the address of each thread's stack to stderr */
	int cpu;	/* for all threads; -1: any */
	int memory_fd;	/* shared memory for the buffers; -1: our own */
	char **child;	/* what `spawn` starts */
	const char *child_preload;
};

/* One thread's state. Aligned, so that the harness itself shares no cache lines between threads. */
struct worker {
	const struct setup *setup;
	unsigned index;
	int fd;
	char *memory;	      /* the buffers */
	char *hand;	      /* what goes to the disk, if --by-hand */
	size_t hand_block;    /* bytes */
	uint64_t buffer_step; /* bytes from one buffer to the next */
	uint64_t calls;	      /* since the start; selects the buffer */
	uint64_t start, end;  /* the part of the file that it works on */
	uint64_t pos;	      /* of the next call, if sequential */
	uint64_t rng;
	/* The batch's results. */
	uint64_t ops, bytes, started, elapsed;
	uint64_t *times; /* ns of each call, TIMES_MOST at most */
	size_t times_count;
	int error;
} __attribute__((aligned(APART)));

/* A batch ends after `count` calls or `ns` nanoseconds, whichever comes first. */
struct batch {
	uint64_t count;
	uint64_t ns;
};

const struct op *op_find(const char *name);

/* Returns the first offset that a worker uses. */
uint64_t first_pos(const struct worker *w);

/* Returns the next number of an xorshift64 generator. */
uint64_t next_random(struct worker *w);

/*
 * Opens the file and makes the buffers, once before the first batch. Ends the process on failure.
 */
void worker_prepare(struct worker *w);

/* Brings the file into the state that a batch starts from; not timed. */
void worker_begin(struct worker *w);

/* Ends a batch, as part of its time. Returns 0, or -1 with errno set. */
int worker_finish(struct worker *w);

/*
 * Empties a file that has grown, so that it takes no space during other workers' turns; not timed.
 */
void worker_end(struct worker *w);

/* Makes the buffer for --by-hand, when the file is open. */
void hand_prepare(struct worker *w);

/* The calls of --by-hand. Return `len`, or -1 with errno set. */
ssize_t hand_read(struct worker *w, void *to, size_t len, uint64_t pos);
ssize_t hand_overwrite(struct worker *w, const void *from, size_t len, uint64_t pos);
ssize_t hand_extend(struct worker *w, const void *from, size_t len, uint64_t pos);

/* run_start() starts the threads; run_batch() runs a batch in all of them. */
void run_start(struct worker *workers, const struct setup *s);
void run_batch(struct worker *workers, const struct setup *s, const struct batch *b);

void print_result(struct worker *workers, const struct setup *s);

/* Binds the calling thread to a CPU, unless `cpu` is negative. */
void pin(int cpu);

uint64_t now_ns(void);
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

#endif
