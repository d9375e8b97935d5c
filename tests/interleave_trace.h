/*
 * Threads under ptrace(2). At any time all but one are stopped.
 *
 * A thread that is stopped before a system call holds no lock of the kernel, because the call has
 * not begun. So the running thread can only wait for the others by futex(2) or by polling. A thread
 * that sleeps in the kernel counts as blocked, and is checked after each step. A wait with a
 * timeout only times out when no other thread can continue.
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
	TASK_ENTRY,   /* stopped before the system call `call` */
	TASK_EXIT,    /* stopped after it */
	TASK_BLOCKED, /* asleep in it */
	TASK_POINT,   /* stopped before an atomic instruction; its offset is in `call` */
	TASK_BUSY,    /* interrupted between system calls, for example in a loop */
	TASK_DONE,    /* has made all its calls */
	TASK_GONE,    /* has ended */
};

struct task {
	pid_t tid, pid;
	const struct points *points;
	int actor;
	enum task_state state;
	struct call call;
	long ret;
	bool timed;   /* blocked with a timeout */
	bool yields;  /* lets other threads run first */
	pid_t forked; /* a child that it has just forked, or 0 */
	int signal;   /* to be delivered, or that killed it; 0: none */
};

/* Continues the thread until its next stop, or until it is blocked. Sets its state. */
void task_resume(struct task *t);

/* Initializes the task of a child that another task has forked, and runs it to its first stop. */
void task_adopt(struct task *t, pid_t pid, int actor, const struct points *points);

/* Returns whether a blocked thread was woken. If so, it has been run to the exit of its call. */
bool task_woken(struct task *t);

/* Makes the call in which the thread is blocked fail with ETIMEDOUT. */
void task_time_out(struct task *t);

/* Replaces a call that sleeps by sched_yield(), because it would take real time. */
void task_skip_sleep(struct task *t);

/* Kills all processes, the main process last. */
void tasks_kill(struct task *tasks, int count);
/* Waits until a killed thread has ended. */
void task_reap(struct task *t);

/* Returns NULL, or why the tool cannot change registers on this machine. */
const char *trace_no_registers(void);

#endif
