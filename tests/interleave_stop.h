/*
 * The stops of threads under ptrace(2): their kinds, waiting for them, and continuing after them.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_STOP_H
#define DIOSHIM_TEST_INTERLEAVE_STOP_H

#include <stdbool.h>
#include <sys/types.h>

enum {
	TICK_US = 20000,
	/* After so many ticks without a stop, the tool gives up. */
	TICKS_LOST = 1500,
};

/* Return whether a wait status is of this kind: a ptrace event, a signal, or PTRACE_INTERRUPT. */
bool stop_is_event(int status, int event);
bool stop_is_signal(int status, int signal);
bool stop_is_interruption(int status);

/* Continues a thread. `how` is PTRACE_SYSCALL or PTRACE_CONT; `signal` is delivered unless 0. */
void stop_resume(pid_t tid, long how, int signal);

/* Waits for the next stop. Returns its wait status. */
int stop_wait(pid_t tid);

/* Starts a timer that interrupts waitpid() at each tick, so that the caller can see who sleeps. */
void stop_start_ticking(void);

/* Returns the state in /proc/TID/stat (R, S, D, t, Z), or X if the thread has ended. */
char stop_state(pid_t tid);

#endif
