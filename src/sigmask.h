/*
 * Keeps signal handlers out while the shim is in the middle of a call.
 *
 * The kernel does not interrupt a read or write of a file for a signal, and neither does the shim.
 * So no handler finds a bounce buffer half full or O_DIRECT off, jumps out of the shim, or forks in
 * it. The signal of pthread_cancel(3) is blocked too, which the C library's own functions would not
 * block.
 *
 * Faults are not blocked. The kernel kills a process that faults with the signal blocked, and a
 * program that handles SIGBUS, for memory that another process truncates, has to get it
 * (signal(7)). SIGSYS comes from seccomp filters whose handler supplies the system call's result.
 */
#ifndef DIOSHIM_SIGMASK_H
#define DIOSHIM_SIGMASK_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "sys.h"

/* The kernel's sigset_t: one bit per signal, bit 0 for signal 1. */
typedef uint64_t kernel_sigset;

#define SIGMASK_BIT(signal) (UINT64_C(1) << ((signal)-1))
#define SIGMASK_FAULTS \
	(SIGMASK_BIT(SIGSEGV) | SIGMASK_BIT(SIGBUS) | SIGMASK_BIT(SIGILL) | SIGMASK_BIT(SIGFPE) | \
	 SIGMASK_BIT(SIGTRAP) | SIGMASK_BIT(SIGSYS))
/* The kernel never blocks these two, and never shows them as blocked. */
#define SIGMASK_NEVER (SIGMASK_BIT(SIGKILL) | SIGMASK_BIT(SIGSTOP))
#define SIGMASK_BLOCKED (~(SIGMASK_FAULTS | SIGMASK_NEVER))

/* Blocks all signals but faults for the calling thread. Returns the mask as it was. */
static inline kernel_sigset sigmask_block(void)
{
	const kernel_sigset all = SIGMASK_BLOCKED;
	kernel_sigset old = 0;

	sys(SYS_rt_sigprocmask, SIG_BLOCK, &all, &old, sizeof(old));
	return old;
}

static inline void sigmask_restore(kernel_sigset old)
{
	sys(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(old));
}

/*
 * The same around a call of the program that is made as it is, while something is held that must be
 * released. The C library's functions act on a request to cancel the thread even if its signal is
 * blocked (pthread_cancel(3)), so cancellation is disabled too.
 */
struct sigmask {
	kernel_sigset signals;
	int cancel_state;
};

static inline void sigmask_hold(struct sigmask *m)
{
	m->signals = sigmask_block();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &m->cancel_state);
}

static inline void sigmask_release(const struct sigmask *m)
{
	pthread_setcancelstate(m->cancel_state, NULL);
	sigmask_restore(m->signals);
}

#endif
