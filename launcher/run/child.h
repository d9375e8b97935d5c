/* COMMAND as a child of the launcher. */
#ifndef DIOSHIM_CHILD_H
#define DIOSHIM_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int status;           /* once it has ended: COMMAND's exit status, or 128 and its signal */
	sigset_t mask;        /* what the launcher was started with, and COMMAND is to have */
	struct sigaction chld;
};

/* Block all signals, and have children reported; child_start() undoes both for COMMAND. */
void child_prepare(struct child *c);

/* Returns 0, or the errno of what failed; `executed` is false then if it was not exec. */
int child_start(struct child *c, char **argv, bool *executed);

/* After a SIGCHLD: true if it has ended. If it has stopped, so does the launcher. */
bool child_ended(struct child *c);

/* Hand on a signal that the launcher got, unless COMMAND has had it already. */
void child_relay(const struct child *c, const siginfo_t *info);

#endif
