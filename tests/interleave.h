/*
 * Small programs of two or three threads or processes, run step by step in every order.
 *
 * A step is one system call and what the thread does until its next one. The tool (interleave.c)
 * stops every thread by ptrace(2) before each system call and lets one of them go on at a time; it
 * tries all orders in which a thread is made to wait, although it could go on, at most N times (a
 * preemption; Musuvathi and Qadeer: Iterative Context Bounding for Systematic Testing of
 * Multithreaded Programs). Who says what is right is an ordinary file: the same program without
 * O_DIRECT and without the shim.
 *
 * interleave_puppet.*    the program under test: what its threads do, the server that forks it
 * interleave_acts*       the calls that they make
 * interleave_scenarios*  the programs, each named for the race that it hunts
 * interleave_server.*    starting the server, and having the program forked
 * interleave_trace.*     a thread: stepping it, telling whether it is blocked
 * interleave_stop.*      ptrace's stops
 * interleave_points.*    switching within the library, before atomic instructions
 * interleave_run.*       one run in one order
 * interleave_search.*    which orders to run
 * interleave_file.*      the files: their start, their end
 * interleave_outcome.*   what a run has come to, as text, and whether an ordinary file allows it
 * interleave_report.*     what was wrong in all runs, and how it comes to that
 * interleave_check.*     what must hold at each step, whatever the outcome
 * interleave_syscall.*   names of system calls, and which are no reason to switch
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
	STAGE_FD = 900, /* where the server finds the stage */
};

/* The letters with which the files begin; each write has one of its own. */
#define FILE_LETTERS ".,"

enum op_kind { OP_WRITE, OP_READ, OP_OTHER };

/* One call of the program under test, as the program notes it. */
struct op {
	char text[64];
	char data[200]; /* of a read: what it got */
	enum op_kind kind;
	int file;    /* or -1 */
	bool direct; /* the description is O_DIRECT */
	bool appends;
	bool aligned; /* the kernel takes it as it stands */
	int64_t pos; /* or -1: the description's offset, or the end of the file */
	size_t len;
	long ret;
	int err;
};

/* A descriptor whose description is looked at when all is over. */
struct watched {
	int actor; /* whose process has the number */
	int fd;
	int file;
	bool direct;
};

/* What the tool and the program under test share. */
struct stage {
	int scenario;
	bool direct; /* O_DIRECT is used; not where it is the ordinary file's turn */
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
 * The system call with which the program under test tells the tool where it is; the kernel has none
 * of that number. Arguments: one of these, the number of the actor's call.
 */
enum { MARK_CALL = 0x44494f };
enum mark { MARK_START, MARK_END, MARK_DONE };

struct actor {
	int index;
};

enum scenario_flags {
	BYTES_MAY_DIFFER = 1 << 0, /* a stated limit: only results, errors and fsync are compared */
	READS_UNCACHED = 1 << 1,   /* a direct read leaves nothing in the page cache */
	ON_DEVICE = 1 << 2,	   /* file 0 is a block device */
	ONE_REFUSAL = 1 << 3,	   /* what the kernel refuses is asked for once */
	BAD_MEMORY = 1 << 4,	   /* a call's memory is not all there */
	MAY_BE_DIRTY = 1 << 5,	   /* the program takes O_DIRECT off itself */
	AWAITED = 1 << 6,	   /* nothing is handed to the kernel and not waited for */
	TRAP = 1 << 7,		   /* a fault made on purpose, which the tool has to find */
};

struct scenario {
	const char *name;
	const char *hunts;
	int actors;
	unsigned processes; /* a bit for each actor that is a forked child and not a thread */
	unsigned flags;
	int files;
	size_t sizes[FILES_MAX]; /* at the start */
	void (*set_up)(void);
	void (*play[ACTORS_MAX])(struct actor *a);
};

/* All scenarios by number, and NULL after the last. */
const struct scenario *scenario_number(int number);

#endif
