/* The stops of threads under ptrace(2). See interleave_stop.h. */
#include "interleave_stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress_util.h"

bool stop_is_event(int status, int event)
{
	return status >> 8 == (SIGTRAP | event << 8);
}

bool stop_is_signal(int status, int signal)
{
	return WIFSTOPPED(status) && status >> 8 == signal;
}

bool stop_is_interruption(int status)
{
	return WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP;
}

void stop_resume(pid_t tid, long how, int signal)
{
	if (ptrace((enum __ptrace_request)how, tid, NULL, (long)signal) && errno != ESRCH)
		die("ptrace(%ld, %d): %s", how, (int)tid, strerror(errno));
}

static void tick(int signal)
{
	(void)signal;
}

void stop_start_ticking(void)
{
	const struct sigaction action = { .sa_handler = tick };
	const struct itimerval every = { { 0, TICK_US }, { 0, TICK_US } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

int stop_wait(pid_t tid)
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

char stop_state(pid_t tid)
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
