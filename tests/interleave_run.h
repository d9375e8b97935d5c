/*
 * One run of a scenario, in one order.
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

/* A point at which one of several threads was chosen to go on. */
struct choice {
	uint8_t chosen;
	uint8_t enabled; /* a bit for each actor that could go on */
	uint8_t previous;
	bool forced;	 /* the previous one could not go on: another is no preemption */
	bool fruitless;	 /* the same call has just had the same answer, again and again */
	uint32_t history; /* a hash of all steps up to here */
};

/* One system call as it was made. */
struct line {
	uint8_t actor;
	int8_t op;
	bool step; /* the first of a step */
	bool returned;
	struct call call;
	long ret;
};

/* What the tool has seen of one call of the program. */
struct seen {
	bool started, ended;
	bool accompanied; /* by another that was in progress */
	int started_at, ended_at; /* steps */
	unsigned calls, moves, refusals;
};

/* What is the same for all runs of a scenario. */
struct setting {
	const struct scenario *scenario;
	struct server *server;
	struct file files[FILES_MAX];
	int file_count;
	bool direct;	   /* the descriptors are O_DIRECT, there is something to check */
	bool whole_calls;  /* each call of the program is one system call */
	bool all_calls;	   /* no system call is taken for private */
	bool pages_known;
	bool strict;	   /* misaligned direct I/O is refused: the shim comes in */
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
	int op[ACTORS_MAX]; /* that each is in, or -1 */
	struct seen seen[ACTORS_MAX][OPS_MAX];
	int order[ACTORS_MAX * OPS_MAX]; /* the calls as they ended: actor * OPS_MAX + number */
	int order_len;
	int watched_fds[WATCHED_MAX];
	uint8_t answers[ACTORS_MAX][ANSWERS]; /* how often a call of this hash had this answer */
	int repeats[ACTORS_MAX];	      /* of the last call's */
	uint32_t history;
	bool diverged; /* the order could not be repeated */
	bool stuck;
	char findings[FINDINGS_MAX][300];
	int finding_count;
	char outcome[TEXT_ROOM];
};

/* Run it with these choices first, and then without a preemption. */
void run_play(struct run *r, struct setting *setting, const uint8_t *prefix, int len);

/* What must not be, whatever the outcome. */
void run_finding(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "0x12 1x3 0x20": actors and their numbers of steps. */
void run_schedule(const struct run *r, char *into, size_t room);
int run_parse_schedule(const char *text, uint8_t *choices, int most);

/* The steps, as strace(1) would show them. */
void run_print(const struct run *r);

#endif
