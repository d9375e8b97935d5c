/*
 * Threads under ptrace(2), which are stopped all but one.
 *
 * A thread that is stopped before a system call holds no lock of the kernel's, for it has not
 * begun. So the one that goes on meets the locks of the others only in memory, and waits for them
 * by futex(2) or by asking again; a thread that is asleep in the kernel is taken for blocked, and
 * looked at after each step. Time does not pass for a thread that waits with a timeout, until
 * nobody else can go on.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_TRACE_H
#define DIOSHIM_TEST_INTERLEAVE_TRACE_H

#include "interleave.h"
#include "interleave_points.h"

struct call {
	long nr;
	uint64_t args[6];
};

enum task_state {
	TASK_ENTRY,   /* before the system call `call` */
	TASK_EXIT,    /* after it */
	TASK_BLOCKED, /* in it, asleep */
	TASK_POINT,   /* before an atomic instruction, whose place stands in `call` */
	TASK_BUSY,    /* stopped in the middle of nothing: it goes round without a system call */
	TASK_DONE,    /* has played its part */
	TASK_GONE,
};

struct task {
	pid_t tid, pid;
	const struct points *points;
	int actor;
	enum task_state state;
	struct call call;
	long ret;
	bool timed;   /* blocked, but not for good */
	bool yields;  /* has said that another may go first */
	pid_t forked; /* a child that it has just made */
	int signal;   /* that it is about to get */
};

/* Let go on until the next stop, whatever it is; see the state. */
void task_resume(struct task *t);

/* A child that a task has forked, up to its first stop. */
void task_adopt(struct task *t, pid_t pid, int actor, const struct points *points);

/* Has somebody woken it? Then it is at the exit of its call. */
bool task_woken(struct task *t);

/* The call in which it is blocked says that the time is over. */
void task_time_out(struct task *t);

/* Instead of sleeping, which would take real time. */
void task_skip_sleep(struct task *t);

/* End all of them, the main process last. */
void tasks_kill(struct task *tasks, int count);
void task_reap(struct task *t);

/* Why registers cannot be changed on this machine, or NULL. */
const char *trace_no_registers(void);

#endif
