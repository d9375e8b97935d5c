/*
 * Threads under ptrace(2): the server that forks the program under test, and its threads, which are
 * stopped all but one.
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

enum { SHARED_MAX = 4 };

/* Memory that the server shares with what it forks: the library's own, made when it was loaded. */
struct shared_memory {
	uint64_t address;
	size_t size;
	void *at_first;
};

struct server {
	pid_t pid;
	struct stage *stage;
	struct shared_memory shared[SHARED_MAX];
	int shared_count;
	struct points *points; /* or NULL */
};

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

/*
 * Start a server with the library loaded, or without if it is NULL. `points`: the list of its
 * atomic instructions (interleave_points.h), or NULL.
 */
struct server *server_start(const char *library, const char *points);
void server_stop(struct server *s);

/* Why there can be no server here, or NULL. */
const char *trace_forbidden(void);

/* Fork the program on the stage. Fills in the task of each actor, all before their first mark. */
void server_fork(struct server *s, struct task *tasks, int count);

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

#endif
