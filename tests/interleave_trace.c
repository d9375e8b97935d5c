/* Threads under ptrace(2). See interleave_trace.h. */
#include "interleave_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interleave_syscall.h"
#include "stress_util.h"

enum {
	TICK_US = 20000,
	/* So many ticks in a row, and a thread that is asleep in a call of any kind is blocked. */
	TICKS_ASLEEP = 15,
	/* So many, and one that makes no system call goes round in circles. */
	TICKS_BUSY = 25,
	/* So many, and something is wrong with the machine. */
	TICKS_LOST = 1500,
};

/* --- Stops --- */

static bool is_event(int status, int event)
{
	return status >> 8 == (SIGTRAP | event << 8);
}

/* Signals that were about to be delivered come with no event. */
static bool is_signal(int status, int signal)
{
	return WIFSTOPPED(status) && status >> 8 == signal;
}

static bool is_interruption(int status)
{
	return WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP;
}

static void resume(pid_t tid, long how, int signal)
{
	if (ptrace((enum __ptrace_request)how, tid, NULL, (long)signal) && errno != ESRCH)
		die("ptrace(%ld, %d): %s", how, (int)tid, strerror(errno));
}

static void tick(int signal)
{
	(void)signal;
}

/* Interrupts waitpid() now and then, for a look at who is asleep. */
static void start_ticking(void)
{
	const struct sigaction action = { .sa_handler = tick };
	const struct itimerval every = { { 0, TICK_US }, { 0, TICK_US } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static int wait_for(pid_t tid)
{
	int status;

	for (int ticks = 0; ticks < TICKS_LOST; ticks++) {
		if (waitpid(tid, &status, __WALL) > 0)
			return status;
		if (errno != EINTR)
			die("waitpid(%d): %s", (int)tid, strerror(errno));
	}
	die("no stop of thread %d", (int)tid);
}

/* As in /proc/TID/stat: R, S, D, t, Z. */
static char state_of(pid_t tid)
{
	char path[40];
	char text[200];
	const char *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 'X';
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : 'X';
}

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

static const char *no_registers(void)
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

static const char *no_registers(void)
{
	return "only on x86_64";
}
#endif

/* --- A thread --- */

static void look(struct task *t)
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

/* What a stop says. False: nothing to stop for, go on. */
static bool arrived(struct task *t, int status)
{
	unsigned long message;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		t->state = TASK_GONE;
		t->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		return true;
	}
	if (is_signal(status, SIGTRAP | 0x80)) {
		look(t);
		return true;
	}
	if (is_event(status, PTRACE_EVENT_FORK) || is_event(status, PTRACE_EVENT_CLONE) ||
	    is_event(status, PTRACE_EVENT_VFORK)) {
		if (ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &message))
			die("PTRACE_GETEVENTMSG: %s", strerror(errno));
		t->forked = (pid_t)message;
		return false;
	}
	/* Of an interruption that came too late. */
	if (is_interruption(status))
		return false;
	if (is_signal(status, SIGTRAP) && points_met(t->points, t->tid, &t->call.args[0])) {
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

/* Waits until it stops or sleeps. Returns false if it sleeps. */
static bool stops_or_sleeps(const struct task *t, int *status)
{
	for (int looks = 0; looks < 1000000; looks++) {
		pid_t got = waitpid(t->tid, status, __WALL | WNOHANG);

		if (got > 0)
			return true;
		if (got < 0 && errno != EINTR)
			die("waitpid(%d): %s", (int)t->tid, strerror(errno));
		if (state_of(t->tid) == 'S')
			return false;
		sched_yield();
	}
	die("thread %d neither stops nor sleeps", (int)t->tid);
}

/* Waits until it stops. Returns false if it does not, and sleeps or goes round in circles. */
static bool stops(const struct task *t, int *status)
{
	int asleep = 0;

	for (int ticks = 0; ticks < TICKS_LOST; ticks++) {
		if (waitpid(t->tid, status, __WALL) > 0)
			return true;
		if (errno != EINTR)
			die("waitpid(%d): %s", (int)t->tid, strerror(errno));
		asleep = state_of(t->tid) == 'S' ? asleep + 1 : 0;
		if (asleep >= TICKS_ASLEEP || (t->state != TASK_ENTRY && ticks >= TICKS_BUSY))
			return false;
	}
	die("thread %d does not stop", (int)t->tid);
}

static void wait_for_exit_of_call(struct task *t)
{
	for (;;) {
		if (arrived(t, wait_for(t->tid)))
			return;
		resume(t->tid, PTRACE_SYSCALL, 0);
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
		resume(t->tid, PTRACE_SYSCALL, signal);
		if (sleeps(t) ? !stops_or_sleeps(t, &status) : !stops(t, &status)) {
			if (was_entry) {
				t->state = TASK_BLOCKED;
				return;
			}
			interrupt(t);
			t->state = TASK_BUSY;
			arrived(t, wait_for(t->tid));
			return;
		}
	} while (!arrived(t, status));
}

void task_adopt(struct task *t, pid_t pid, int actor, const struct points *points)
{
	*t = (struct task){ .tid = pid, .pid = pid, .points = points, .actor = actor,
			    .state = TASK_BUSY };
	if (!is_interruption(wait_for(pid)))
		die("a new process did not stop");
	do
		task_resume(t);
	while (t->state == TASK_EXIT);
}

bool task_woken(struct task *t)
{
	int status;

	if (state_of(t->tid) == 'S')
		return false;
	status = wait_for(t->tid);
	if (!arrived(t, status)) {
		resume(t->tid, PTRACE_SYSCALL, 0);
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

static void reap(struct task *t)
{
	int status;

	if (t->state == TASK_GONE)
		return;
	do
		status = wait_for(t->tid);
	while (WIFSTOPPED(status));
	t->state = TASK_GONE;
}

/* The threads of a process first: its leader is not reported before they are. */
static void kill_process(struct task *tasks, int count, pid_t pid)
{
	kill(pid, SIGKILL);
	for (int i = count - 1; i >= 0; i--)
		if (tasks[i].pid == pid && tasks[i].tid != pid)
			reap(&tasks[i]);
	for (int i = count - 1; i >= 0; i--)
		if (tasks[i].tid == pid)
			reap(&tasks[i]);
}

void tasks_kill(struct task *tasks, int count)
{
	/* Children before the main process, which is their parent and ignores SIGCHLD. */
	for (int i = count - 1; i >= 0; i--)
		if (tasks[i].state != TASK_GONE && tasks[i].pid != tasks[0].pid)
			kill_process(tasks, count, tasks[i].pid);
	kill_process(tasks, count, tasks[0].pid);
}

/* --- The server --- */

static void server_child(const char *library, int stage_fd, int go)
{
	char *argv[] = { (char *)(uintptr_t)"/proc/self/exe", (char *)(uintptr_t)"--puppet", NULL };
	char byte;

	/* The same addresses in each server, and so in each run. */
	personality(ADDR_NO_RANDOMIZE);
	if (dup2(stage_fd, STAGE_FD) < 0 || read(go, &byte, 1) != 1)
		_exit(97);
	if (library)
		setenv("LD_PRELOAD", library, 1);
	else
		unsetenv("LD_PRELOAD");
	execv(argv[0], argv);
	_exit(97);
}

static struct stage *stage_new(int *fd)
{
	struct stage *stage;

	*fd = memfd_create("stage", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, sizeof(*stage)))
		die("memfd_create: %s", strerror(errno));
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (stage == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	return stage;
}

enum { OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		 PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL };

/* Returns the error of ptrace(2), or 0. */
static int launch(struct server *s, const char *library)
{
	int stage_fd;
	int go[2];
	int err = 0;

	s->stage = stage_new(&stage_fd);
	if (pipe2(go, O_CLOEXEC))
		die("pipe2: %s", strerror(errno));
	s->pid = fork();
	if (s->pid < 0)
		die("fork: %s", strerror(errno));
	if (!s->pid)
		server_child(library, stage_fd, go[0]);
	close(stage_fd);
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, s->pid, NULL, (long)OPTIONS))
		err = errno;
	else if (write(go[1], "", 1) != 1)
		die("pipe: %s", strerror(errno));
	close(go[1]);
	return err;
}

static size_t copy_memory(const struct server *s, const struct shared_memory *m, bool back)
{
	const struct iovec here = { m->at_first, m->size };
	const struct iovec there = { (void *)(uintptr_t)m->address, m->size };
	ssize_t n = back ? process_vm_writev(s->pid, &here, 1, &there, 1, 0) :
			   process_vm_readv(s->pid, &here, 1, &there, 1, 0);

	return n < 0 ? 0 : (size_t)n;
}

/*
 * Shared memory without a file is inherited by what the server forks, and would carry the traces of
 * one run into the next. So it is as it was at first before each of them.
 */
static void find_shared(struct server *s)
{
	char line[400];
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%d/maps", (int)s->pid);
	maps = fopen(line, "re");
	if (!maps)
		die("%s: %s", line, strerror(errno));
	while (fgets(line, sizeof(line), maps)) {
		struct shared_memory *m = &s->shared[s->shared_count];
		unsigned long from, to;

		if (!strstr(line, "/dev/zero (deleted)") ||
		    sscanf(line, "%lx-%lx rw-s", &from, &to) != 2)
			continue;
		if (s->shared_count == SHARED_MAX)
			die("the library has more than %d shared mappings", SHARED_MAX);
		*m = (struct shared_memory){ from, to - from, page_memory(to - from) };
		if (copy_memory(s, m, false) != m->size)
			die("process_vm_readv: %s", strerror(errno));
		s->shared_count++;
	}
	fclose(maps);
}

static void wait_at_start(const struct server *s)
{
	int status = wait_for(s->pid);

	while (WIFSTOPPED(status) && !is_signal(status, SIGTRAP)) {
		resume(s->pid, PTRACE_CONT, 0);
		status = wait_for(s->pid);
	}
	if (!WIFSTOPPED(status))
		die("the program under test did not start (status %#x)", (unsigned)status);
}

struct server *server_start(const char *library, const char *points)
{
	struct server *s = page_memory(sizeof(*s));
	int err = launch(s, library);

	if (err)
		die("PTRACE_SEIZE: %s", strerror(err));
	wait_at_start(s);
	find_shared(s);
	if (points)
		s->points = points_set(points, library, s->pid);
	start_ticking();
	return s;
}

void server_stop(struct server *s)
{
	struct task t = { .tid = s->pid };

	kill(s->pid, SIGKILL);
	reap(&t);
	munmap(s->stage, sizeof(*s->stage));
	if (s->points)
		points_free(s->points);
	for (int i = 0; i < s->shared_count; i++)
		page_memory_free(s->shared[i].at_first, s->shared[i].size);
	page_memory_free(s, sizeof(*s));
}

const char *trace_forbidden(void)
{
	struct server s = { 0 };
	int err;

	if (no_registers())
		return no_registers();
	err = launch(&s, NULL);
	kill(s.pid, SIGKILL);
	waitpid(s.pid, NULL, __WALL);
	return err ? strerror(err) : NULL;
}

/* Where the order does not matter yet. */
static bool passes_point(const struct server *s, pid_t tid, int status)
{
	uint64_t place;

	if (!is_signal(status, SIGTRAP) || !points_met(s->points, tid, &place))
		return false;
	points_pass(s->points, tid, place);
	resume(tid, PTRACE_CONT, 0);
	return true;
}

static pid_t fork_program(const struct server *s)
{
	unsigned long child = 0;
	int status;

	resume(s->pid, PTRACE_CONT, 0);
	for (;;) {
		status = wait_for(s->pid);
		if (!WIFSTOPPED(status))
			die("the server ended (status %#x)", (unsigned)status);
		if (passes_point(s, s->pid, status))
			continue;
		if (is_event(status, PTRACE_EVENT_FORK) &&
		    ptrace(PTRACE_GETEVENTMSG, s->pid, NULL, &child))
			die("PTRACE_GETEVENTMSG: %s", strerror(errno));
		if (is_signal(status, SIGTRAP))
			return (pid_t)child;
		resume(s->pid, PTRACE_CONT, 0);
	}
}

static void ready(const struct server *s, struct task *tasks, int count, pid_t tid)
{
	for (int i = 0; i < count; i++)
		if (s->stage->tids[i] == tid) {
			tasks[i] = (struct task){ .tid = tid, .pid = s->stage->pids[i],
						  .points = s->points, .actor = i,
						  .state = TASK_BUSY };
			return;
		}
	die("thread %d is no actor", (int)tid);
}

void server_fork(struct server *s, struct task *tasks, int count)
{
	int status;

	for (int i = 0; i < s->shared_count; i++)
		if (copy_memory(s, &s->shared[i], true) != s->shared[i].size)
			die("process_vm_writev: %s", strerror(errno));
	if (fork_program(s) <= 0)
		die("the server did not fork");
	for (int missing = count; missing;) {
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0 || !WIFSTOPPED(status))
			die("the program could not be set up: %s", s->stage->trouble);
		if (passes_point(s, tid, status))
			continue;
		if (is_signal(status, SIGTRAP)) {
			ready(s, tasks, count, tid);
			missing--;
		} else {
			resume(tid, PTRACE_CONT, 0);
		}
	}
	for (int i = 0; i < count; i++)
		task_resume(&tasks[i]);
}
