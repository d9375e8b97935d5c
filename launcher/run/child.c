/*
 * See child.h.
 *
 * The launcher blocks all signals and receives them one by one from sigtimedwait(). So only
 * SIGCHLD's disposition has to be changed and restored, and no signal that can be blocked ends the
 * launcher before COMMAND.
 */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "print/message.h"

void child_prepare(struct child *c)
{
	struct sigaction reported = { .sa_handler = SIG_DFL };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &c->mask);
	/* While SIGCHLD is ignored, the exit status of a child is lost. */
	sigaction(SIGCHLD, &reported, &c->chld);
}

/* Executes COMMAND in the child. Writes errno to `report` if that fails. */
static void child_exec(const struct child *c, char **argv, int report)
{
	ssize_t written;
	int error;

	sigaction(SIGCHLD, &c->chld, NULL);
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
	execvp(argv[0], argv);
	error = errno;
	written = write(report, &error, sizeof(error));
	_exit(written == sizeof(error) ? EXIT_LAUNCHER : EXIT_NOT_EXECUTABLE);
}

int child_start(struct child *c, char **argv, bool *executed)
{
	int report[2]; /* closed by a successful exec */
	int error = 0;

	*executed = false;
	if (pipe2(report, O_CLOEXEC))
		return errno;
	c->pid = fork();
	if (!c->pid)
		child_exec(c, argv, report[1]);
	if (c->pid < 0)
		error = errno;
	close(report[1]);
	if (c->pid > 0 && read(report[0], &error, sizeof(error)) == sizeof(error)) {
		*executed = true;
		waitpid(c->pid, NULL, 0);
	}
	close(report[0]);
	return error;
}

/*
 * A shell with job control waits for its child, the launcher, to stop. Such a shell is in our
 * session and in another process group. Any other parent would not expect the launcher to stop.
 */
static bool parent_has_job_control(void)
{
	pid_t parent = getppid();

	return getsid(parent) == getsid(0) && getpgid(parent) != getpgrp();
}

/*
 * Stops the launcher. Returns when it is continued, after continuing COMMAND too, in case SIGCONT
 * was sent to the launcher alone.
 */
static void stop_with_command(const struct child *c)
{
	const struct timespec now = { 0 };
	siginfo_t info = { 0 };
	sigset_t cont;

	kill(getpid(), SIGSTOP);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigtimedwait(&cont, NULL, &now);
	if (waitid(P_PID, (id_t)c->pid, &info, WCONTINUED | WNOHANG) || !info.si_pid)
		kill(c->pid, SIGCONT);
}

bool child_ended(struct child *c)
{
	siginfo_t info = { 0 };

	while (!waitid(P_PID, (id_t)c->pid, &info, WEXITED | WSTOPPED | WNOHANG) && info.si_pid) {
		if (info.si_code == CLD_EXITED) {
			c->status = info.si_status;
			return true;
		}
		if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) {
			c->status = EXIT_SIGNAL + info.si_status;
			return true;
		}
		if (info.si_code == CLD_STOPPED && parent_has_job_control())
			stop_with_command(c);
		info.si_pid = 0;
	}
	return false;
}

/* Whether the terminal sent the signal to the whole foreground process group, COMMAND included. */
static bool from_terminal(const siginfo_t *info)
{
	if (info->si_code != SI_KERNEL)
		return false;
	switch (info->si_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGCONT:
	case SIGWINCH:
		return true;
	case SIGHUP:
		/* On a hangup, only the session leader gets the signal. */
		return getsid(0) != getpid();
	default:
		return false;
	}
}

/*
 * A signal that a process sends to the whole group (kill %1 in a shell) looks like one that it
 * sends to the launcher alone, so COMMAND gets it twice. Only a signal that COMMAND itself sent is
 * known to have reached it. A signal that the launcher caused (SIGPIPE, SIGXFSZ) is not passed on.
 */
void child_relay(const struct child *c, const siginfo_t *info)
{
	bool from_user = info->si_code == SI_USER || info->si_code == SI_QUEUE ||
			 info->si_code == SI_TKILL;

	if (info->si_signo == SIGCHLD || from_terminal(info))
		return;
	if (from_user && (info->si_pid == c->pid || info->si_pid == getpid()))
		return;
	if (info->si_code == SI_QUEUE)
		sigqueue(c->pid, info->si_signo, info->si_value);
	else
		kill(c->pid, info->si_signo);
}
