/* COMMAND as a child of the launcher. */
#ifndef DIOSHIM_CHILD_H
#define DIOSHIM_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int status;	       /* after child_ended(): COMMAND's exit status, or 128 + its signal */
	sigset_t mask;	       /* the launcher's at its start; COMMAND gets it back */
	struct sigaction chld; /* the same for SIGCHLD's disposition */
};

/* Blocks all signals and sets SIGCHLD to SIG_DFL; child_start() undoes both for COMMAND. */
void child_prepare(struct child *c);

/*
 * Starts COMMAND. Returns 0 or an errno; `*executed` then tells whether exec failed (true), or
 * something before it (false).
 */
int child_start(struct child *c, char **argv, bool *executed);

/*
 * Call it after SIGCHLD. Returns true if COMMAND has ended. If COMMAND has stopped and the
 * launcher's parent has job control, stops the launcher, too, and returns when it is continued.
 */
bool child_ended(struct child *c);

/* Sends COMMAND a signal that the launcher received, unless COMMAND has received it already. */
void child_relay(const struct child *c, const siginfo_t *info);

#endif
