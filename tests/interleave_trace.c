/* Threads under ptrace(2). See interleave_trace.h. */
#include "interleave_trace.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "interleave_stop.h"
#include "interleave_syscall.h"
#include "stress_util.h"

enum {
	/* A thread that is asleep in any call for so many ticks in a row counts as blocked. */
	TICKS_ASLEEP = 15,
	/* A thread that makes no system call for so many ticks counts as busy-waiting. */
	TICKS_BUSY = 25,
};

/* --- The machine's registers --- */

#ifdef __x86_64__
static void poke(pid_t tid, size_t offset, long value)
{
	if (ptrace(PTRACE_POKEUSER, tid, offset, value))
		die("PTRACE_POKEUSER: %s", strerror(errno));
}

static void set_number(pid_t tid, long nr)
{
	poke(tid, offsetof(struct user_regs_struct, orig_rax), nr);
}

static void set_result(pid_t tid, long ret)
{
	poke(tid, offsetof(struct user_regs_struct, rax), ret);
}

static void clear_timeout(pid_t tid)
{
	poke(tid, offsetof(struct user_regs_struct, r10), 0);
}

const char *trace_no_registers(void)
{
	return NULL;
}
#else
static void set_number(pid_t tid, long nr)
{
	die("%d: cannot set call %ld on this machine", (int)tid, nr);
}

static void set_result(pid_t tid, long ret)
{
	die("%d: cannot set result %ld on this machine", (int)tid, ret);
}

static void clear_timeout(pid_t tid)
{
	die("%d: cannot set an argument on this machine", (int)tid);
}

const char *trace_no_registers(void)
{
	return "supported on x86_64 only";
}
#endif

/* --- A thread --- */

static void read_call(struct task *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof(info), &info) <= 0)
		die("PTRACE_GET_SYSCALL_INFO: %s", strerror(errno));
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		t->state = TASK_ENTRY;
		t->call.nr = (long)info.entry.nr;
		for (int i = 0; i < 6; i++)
			t->call.args[i] = info.entry.args[i];
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		t->state = TASK_EXIT;
		t->ret = (long)info.exit.rval;
	} else {
		t->state = TASK_BUSY;
	}
}

/* Sets the state from a wait status. Returns false if the thread is to be continued at once. */
static bool arrived(struct task *t, int status)
{
	unsigned long message;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		t->state = TASK_GONE;
		t->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		return true;
	}
	if (stop_is_signal(status, SIGTRAP | 0x80)) {
		read_call(t);
		return true;
	}
	if (stop_is_event(status, PTRACE_EVENT_FORK) || stop_is_event(status, PTRACE_EVENT_CLONE) ||
	    stop_is_event(status, PTRACE_EVENT_VFORK)) {
		if (ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &message))
			die("PTRACE_GETEVENTMSG: %s", strerror(errno));
		t->forked = (pid_t)message;
		return false;
	}
	/* The thread had stopped for another reason before this interruption. */
	if (stop_is_interruption(status))
		return false;
	if (stop_is_signal(status, SIGTRAP) && points_met(t->points, t->tid, &t->call.args[0])) {
		t->call.nr = POINT_CALL;
		t->state = TASK_POINT;
		return true;
	}
	t->signal = WSTOPSIG(status);
	return false;
}

static bool sleeps(const struct task *t)
{
	return t->state == TASK_ENTRY && syscall_sleeps(&t->call);
}

/* Waits until the thread stops or sleeps. Returns false if it sleeps. */
static bool stops_or_sleeps(const struct task *t, int *status)
{
	for (int looks = 0; looks < 1000000; looks++) {
		pid_t got = waitpid(t->tid, status, __WALL | WNOHANG);

		if (got > 0)
			return true;
		if (got < 0 && errno != EINTR)
			die("waitpid(%d): %s", (int)t->tid, strerror(errno));
		if (stop_state(t->tid) == 'S')
			return false;
		sched_yield();
	}
	die("thread %d neither stops nor sleeps", (int)t->tid);
}

/* Waits until the thread stops. Returns false if it sleeps or is busy-waiting. */
static bool stops(const struct task *t, int *status)
{
	int asleep = 0;

	for (int ticks = 0; ticks < TICKS_LOST; ticks++) {
		if (waitpid(t->tid, status, __WALL) > 0)
			return true;
		if (errno != EINTR)
			die("waitpid(%d): %s", (int)t->tid, strerror(errno));
		asleep = stop_state(t->tid) == 'S' ? asleep + 1 : 0;
		if (asleep >= TICKS_ASLEEP || (t->state != TASK_ENTRY && ticks >= TICKS_BUSY))
			return false;
	}
	die("thread %d does not stop", (int)t->tid);
}

static void wait_for_exit_of_call(struct task *t)
{
	for (;;) {
		if (arrived(t, stop_wait(t->tid)))
			return;
		stop_resume(t->tid, PTRACE_SYSCALL, 0);
	}
}

static void interrupt(const struct task *t)
{
	if (ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL))
		die("PTRACE_INTERRUPT: %s", strerror(errno));
}

void task_resume(struct task *t)
{
	bool was_entry = t->state == TASK_ENTRY;
	int status;

	if (t->state == TASK_POINT)
		points_pass(t->points, t->tid, t->call.args[0]);
	t->timed = was_entry && syscall_times_out(&t->call);
	if (t->timed)
		clear_timeout(t->tid);
	do {
		int signal = t->signal;

		t->signal = 0;
		stop_resume(t->tid, PTRACE_SYSCALL, signal);
		if (sleeps(t) ? !stops_or_sleeps(t, &status) : !stops(t, &status)) {
			if (was_entry) {
				t->state = TASK_BLOCKED;
				return;
			}
			interrupt(t);
			t->state = TASK_BUSY;
			arrived(t, stop_wait(t->tid));
			return;
		}
	} while (!arrived(t, status));
}

void task_adopt(struct task *t, pid_t pid, int actor, const struct points *points)
{
	*t = (struct task){
		.tid = pid, .pid = pid, .points = points, .actor = actor, .state = TASK_BUSY
	};
	if (!stop_is_interruption(stop_wait(pid)))
		die("a new process did not stop");
	do
		task_resume(t);
	while (t->state == TASK_EXIT);
}

bool task_woken(struct task *t)
{
	int status;

	if (stop_state(t->tid) == 'S')
		return false;
	status = stop_wait(t->tid);
	if (!arrived(t, status)) {
		stop_resume(t->tid, PTRACE_SYSCALL, 0);
		wait_for_exit_of_call(t);
	}
	return true;
}

void task_time_out(struct task *t)
{
	interrupt(t);
	wait_for_exit_of_call(t);
	if (t->state != TASK_EXIT || t->ret >= 0 || t->ret == -ETIMEDOUT)
		return;
	set_result(t->tid, -ETIMEDOUT);
	t->ret = -ETIMEDOUT;
}

void task_skip_sleep(struct task *t)
{
	set_number(t->tid, SYS_sched_yield);
}

void task_reap(struct task *t)
{
	int status;

	if (t->state == TASK_GONE)
		return;
	do
		status = stop_wait(t->tid);
	while (WIFSTOPPED(status));
	t->state = TASK_GONE;
}

/* Reaps the leader last, because its end is only reported after those of its threads. */
static void kill_process(struct task *tasks, int count, pid_t pid)
{
	kill(pid, SIGKILL);
	for (int i = count - 1; i >= 0; i--)
		if (tasks[i].pid == pid && tasks[i].tid != pid)
			task_reap(&tasks[i]);
	for (int i = count - 1; i >= 0; i--)
		if (tasks[i].tid == pid)
			task_reap(&tasks[i]);
}

void tasks_kill(struct task *tasks, int count)
{
	/* Kill the children before their parent, which is the main process and ignores SIGCHLD. */
	for (int i = count - 1; i >= 0; i--)
		if (tasks[i].state != TASK_GONE && tasks[i].pid != tasks[0].pid)
			kill_process(tasks, count, tasks[i].pid);
	kill_process(tasks, count, tasks[0].pid);
}
