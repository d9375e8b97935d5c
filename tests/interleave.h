/*
 * Runs small programs of two or three threads or processes step by step in every order.
 *
 * A step is one system call and what the thread does until its next one. The tool (interleave.c)
 * stops every thread by ptrace(2) before each system call and lets one of them continue at a time.
 * It tries all orders with at most N preemptions. A preemption makes a thread wait although it
 * could continue (Musuvathi and Qadeer: Iterative Context Bounding for Systematic Testing of
 * Multithreaded Programs). The reference is an ordinary file: the same program without O_DIRECT
 * and without the shim.
 *
 * interleave_puppet.*    the program under test, and the server process that forks it
 * interleave_acts*       the calls that its threads make
 * interleave_scenarios*  the programs, each named for the race that it looks for
 * interleave_server.*    starts the server and makes it fork the program
 * interleave_trace.*     steps a thread, and finds out whether it is blocked
 * interleave_stop.*      ptrace stops
 * interleave_points.*    breakpoints at atomic instructions of the library
 * interleave_run.*       one run in one order
 * interleave_search.*    selects the orders to run
 * interleave_file.*      prepares and reads the files
 * interleave_outcome.*   the outcome of a run as text, and whether an ordinary file allows it
 * interleave_report.*    collects the faults of all runs and prints them
 * interleave_check.*     checks that must hold at each step, whatever the outcome
 * interleave_syscall.*   names and properties of system calls
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_H
#define DIOSHIM_TEST_INTERLEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	ACTORS_MAX = 4, /* threads and processes of one program */
	OPS_MAX = 6,	/* calls of one of them */
	FILES_MAX = 2,
	WATCHED_MAX = 4,
	STAGE_FD = 900, /* the server inherits the stage as this descriptor */
};

/* The letters that the files are filled with at the start. Each write uses another letter. */
#define FILE_LETTERS ".,"

enum op_kind { OP_WRITE, OP_READ, OP_OTHER };

/* One call of the program under test, as the program records it. */
struct op {
	char text[64];
	char data[200]; /* the bytes that a read returned, see describe_bytes() */
	enum op_kind kind;
	int file;    /* or -1 */
	bool direct; /* the description is O_DIRECT */
	bool appends;
	bool aligned; /* direct I/O accepts it without help */
	int64_t pos;  /* -1: at the description's offset, or at the end of the file */
	size_t len;
	long ret;
	int err;
};

/* A descriptor whose description is checked at the end. */
struct watched {
	int actor; /* the number belongs to its process */
	int fd;
	int file;
	bool direct;
};

/* Memory that the tool and the program under test share. */
struct stage {
	int scenario;
	bool direct; /* the program uses O_DIRECT; false for the reference runs */
	bool warm;   /* the shim has helped with each description before */
	char paths[FILES_MAX][200];
	char trouble[200]; /* why the program could not be set up */
	pid_t tids[ACTORS_MAX], pids[ACTORS_MAX];
	int op_count[ACTORS_MAX];
	struct op ops[ACTORS_MAX][OPS_MAX];
	int watched_count;
	struct watched watched[WATCHED_MAX];
};

/*
 * The program under test tells the tool its position by a system call with this number, which the
 * kernel does not have. The arguments are an enum mark and the number of the actor's call.
 */
enum { MARK_CALL = 0x44494f };
enum mark { MARK_START, MARK_END, MARK_DONE };

struct actor {
	int index;
};

enum scenario_flags {
	BYTES_MAY_DIFFER = 1 << 0, /* documented limit: compare only results, errors and fsync */
	READS_UNCACHED = 1 << 1,   /* a direct read must leave nothing in the page cache */
	ON_DEVICE = 1 << 2,	   /* file 0 is a block device */
	ONE_REFUSAL = 1 << 3,	   /* a refused call must not be repeated */
	BAD_MEMORY = 1 << 4,	   /* a part of a buffer is not mapped */
	MAY_BE_DIRTY = 1 << 5,	   /* the program itself clears O_DIRECT */
	AWAITED = 1 << 6,	   /* no I/O may be submitted asynchronously */
	TRAP = 1 << 7,		   /* for the tool's own test: most have a deliberate fault */
	DOOR = 1 << 8, /* calls other than read and write by name; --no-doors leaves them out */
};

struct scenario {
	const char *name;
	const char *hunts; /* the fault that it looks for */
	int actors;
	unsigned processes; /* bit mask of the actors that are forked children, not threads */
	unsigned flags;
	int most_preemptions; /* with more, a limit of doc/design.md shows; 0: any number */
	int files;
	size_t sizes[FILES_MAX]; /* at the start */
	void (*set_up)(void);
	void (*play[ACTORS_MAX])(struct actor *a);
};

/* Returns the scenario with this number, from 0 on, or NULL after the last. */
const struct scenario *scenario_number(int number);

#endif
