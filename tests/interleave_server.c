/* The server that forks the program under test. See interleave_server.h. */
#include "interleave_server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interleave_stop.h"
#include "stress_util.h"

static void server_child(const char *library, int stage_fd, int go)
{
	char *argv[] = { (char *)(uintptr_t) "/proc/self/exe", (char *)(uintptr_t) "--puppet",
			 NULL };
	char byte;

	/* The addresses are the same in each server, and so in each run. */
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

enum {
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		  PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL
};

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
	ssize_t n = back ? process_vm_writev(s->pid, &here, 1, &there, 1, 0)
			 : process_vm_readv(s->pid, &here, 1, &there, 1, 0);

	return n < 0 ? 0 : (size_t)n;
}

/*
 * Forked processes inherit shared anonymous memory, which would carry state from one run into the
 * next. So its initial contents are restored before each run.
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
	int status = stop_wait(s->pid);

	while (WIFSTOPPED(status) && !stop_is_signal(status, SIGTRAP)) {
		stop_resume(s->pid, PTRACE_CONT, 0);
		status = stop_wait(s->pid);
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
	stop_start_ticking();
	return s;
}

void server_stop(struct server *s)
{
	struct task t = { .tid = s->pid };

	kill(s->pid, SIGKILL);
	task_reap(&t);
	munmap(s->stage, sizeof(*s->stage));
	if (s->points)
		points_free(s->points);
	for (int i = 0; i < s->shared_count; i++)
		page_memory_free(s->shared[i].at_first, s->shared[i].size);
	page_memory_free(s, sizeof(*s));
}

const char *server_forbidden(void)
{
	struct server s = { 0 };
	int err;

	if (trace_no_registers())
		return trace_no_registers();
	err = launch(&s, NULL);
	kill(s.pid, SIGKILL);
	waitpid(s.pid, NULL, __WALL);
	return err ? strerror(err) : NULL;
}

/* Continues past a breakpoint while the order does not matter yet. */
static bool passes_point(const struct server *s, pid_t tid, int status)
{
	uint64_t place;

	if (!stop_is_signal(status, SIGTRAP) || !points_met(s->points, tid, &place))
		return false;
	points_pass(s->points, tid, place);
	stop_resume(tid, PTRACE_CONT, 0);
	return true;
}

static pid_t fork_program(const struct server *s)
{
	unsigned long child = 0;
	int status;

	stop_resume(s->pid, PTRACE_CONT, 0);
	for (;;) {
		status = stop_wait(s->pid);
		if (!WIFSTOPPED(status))
			die("the server ended (status %#x)", (unsigned)status);
		if (passes_point(s, s->pid, status))
			continue;
		if (stop_is_event(status, PTRACE_EVENT_FORK) &&
		    ptrace(PTRACE_GETEVENTMSG, s->pid, NULL, &child))
			die("PTRACE_GETEVENTMSG: %s", strerror(errno));
		if (stop_is_signal(status, SIGTRAP))
			return (pid_t)child;
		stop_resume(s->pid, PTRACE_CONT, 0);
	}
}

static void ready(const struct server *s, struct task *tasks, int count, pid_t tid)
{
	for (int i = 0; i < count; i++)
		if (s->stage->tids[i] == tid) {
			tasks[i] = (struct task){ .tid = tid,
						  .pid = s->stage->pids[i],
						  .points = s->points,
						  .actor = i,
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
		if (stop_is_signal(status, SIGTRAP)) {
			ready(s, tasks, count, tid);
			missing--;
		} else {
			stop_resume(tid, PTRACE_CONT, 0);
		}
	}
	for (int i = 0; i < count; i++)
		task_resume(&tasks[i]);
}
