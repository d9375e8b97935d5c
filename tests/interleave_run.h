/*
 * Runs a scenario once, in one order.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_RUN_H
#define DIOSHIM_TEST_INTERLEAVE_RUN_H

#include "interleave_file.h"
#include "interleave_server.h"

enum {
	STEPS_MAX = 4000,
	LINES_MAX = 3 * STEPS_MAX,
	TASKS_MAX = ACTORS_MAX,
	FINDINGS_MAX = 8,
	TEXT_ROOM = 4000,
	ANSWERS = 256,
};

/* A choice of the actor that makes the next step. */
struct choice {
	uint8_t chosen;
	uint8_t enabled; /* bit mask of the actors that could continue */
	uint8_t previous;
	bool forced;	  /* the previous actor could not continue: a switch is no preemption */
	bool fruitless;	  /* the previous actor repeats a call and always gets the same result */
	uint32_t history; /* hash of all steps before this one */
};

/* One system call as it was made. */
struct line {
	uint8_t actor;
	int8_t op;
	bool step; /* begins a step */
	bool returned;
	struct call call;
	long ret;
};

/* What the tool has observed of one call of the program. */
struct seen {
	bool started, ended;
	bool accompanied;	  /* another call was in progress at the same time */
	int started_at, ended_at; /* steps */
	unsigned calls, moves, refusals;
};

/* The settings that all runs of a scenario share. */
struct setting {
	const struct scenario *scenario;
	struct server *server;
	struct file files[FILES_MAX];
	int file_count;
	bool direct;	  /* the descriptors are O_DIRECT; false for the reference runs */
	bool whole_calls; /* each call of the program is a single system call */
	bool all_calls;	  /* also switch before private system calls */
	bool pages_known; /* see file_pages_known() */
	bool strict;	  /* the kernel refuses misaligned direct I/O here */
};

struct run {
	struct setting *setting;
	struct stage *stage;
	struct task tasks[TASKS_MAX];
	int task_count;
	int current;
	int steps;
	const uint8_t *prefix;
	int prefix_len;
	struct choice choices[STEPS_MAX];
	struct line lines[LINES_MAX];
	int line_count;
	int op[ACTORS_MAX]; /* number of the call in progress, or -1 */
	struct seen seen[ACTORS_MAX][OPS_MAX];
	int order[ACTORS_MAX * OPS_MAX]; /* calls as they ended: actor * OPS_MAX + number */
	int order_len;
	int watched_fds[WATCHED_MAX];
	uint8_t answers[ACTORS_MAX][ANSWERS]; /* counts by hash of a system call and its result */
	int repeats[ACTORS_MAX];	      /* that count for the last system call */
	uint32_t history;
	bool diverged; /* the order could not be replayed */
	bool stuck;    /* a deadlock, a livelock or a killed actor has ended the run */
	char findings[FINDINGS_MAX][300];
	int finding_count;
	char outcome[TEXT_ROOM];
};

/* Runs the scenario with the choices of `prefix` first, and then without preemptions. */
void run_play(struct run *r, struct setting *setting, const uint8_t *prefix, int len);

/* Records a fault that is one whatever the outcome. */
void run_finding(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Format and parse a schedule: actors and their numbers of steps, like "0x12 1x3 0x20". */
void run_schedule(const struct run *r, char *into, size_t room);
int run_parse_schedule(const char *text, uint8_t *choices, int most);

/* Prints the steps in the style of strace(1). */
void run_print(const struct run *r);

#endif
