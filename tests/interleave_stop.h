/*
 * The stops of threads under ptrace(2): what they are, waiting for them, and going on after them.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_STOP_H
#define DIOSHIM_TEST_INTERLEAVE_STOP_H

#include <stdbool.h>
#include <sys/types.h>

enum {
	TICK_US = 20000,
	/* So many ticks without a stop, and something is wrong with the machine. */
	TICKS_LOST = 1500,
};

/* What waitpid() says of a stop: an event of ptrace's, a signal about to be delivered, an interruption. */
bool stop_is_event(int status, int event);
bool stop_is_signal(int status, int signal);
bool stop_is_interruption(int status);

/* PTRACE_SYSCALL, or PTRACE_CONT. */
void stop_resume(pid_t tid, long how, int signal);

/* Returns what waitpid() says of the next one. */
int stop_wait(pid_t tid);

/* From now on waitpid() is interrupted at each tick, for a look at who is asleep. */
void stop_start_ticking(void);

/* As in /proc/TID/stat: R, S, D, t, Z. */
char stop_state(pid_t tid);

#endif
