/* What the shim keeps per process. See process.h. */
#include "process.h"

#include <linux/futex.h>
#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "madvise.h"
#include "sys64.h"
#include "usermem.h"

enum { UNLOCKED, LOCKED, CONTENDED };

static _Atomic(struct process *) the_process;

static bool forks_are_watched; /* since the constructor */

static long map_zeroes(void *at, int flags)
{
	return sys_mmap_at(at, sizeof(struct process), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1);
}

/*
 * Without the wipe a child would inherit claims that nobody releases; no memory is better. Where the kernel
 * does not wipe it, the fork handler does, but that of a child of the bare system call does not run.
 */
static bool is_wiped(struct process *p)
{
	if (!sys(SYS_madvise, p, sizeof(*p), MADV_WIPEONFORK) && usermem_advice_is_taken())
		return true;
	p->wiped_by_hand = true;
	return forks_are_watched;
}

static struct process *make_process(void)
{
	struct process *p = NULL;
	struct process *first = NULL;
	long addr = map_zeroes(NULL, 0);

	if (sys_failed(addr))
		return NULL;
	p = (struct process *)addr;
	if (is_wiped(p) && atomic_compare_exchange_strong(&the_process, &first, p))
		return p;
	sys(SYS_munmap, p, sizeof(*p));
	return first;
}

struct process *process(void)
{
	struct process *p = process_if_any();

	return p ? p : make_process();
}

struct process *process_if_any(void)
{
	return atomic_load_explicit(&the_process, memory_order_acquire);
}

bool process_is_own(void)
{
	struct process *p = process_if_any();
	uint32_t pid = sys(SYS_getpid);
	uint32_t owner = 0;

	return !p || atomic_compare_exchange_strong(&p->pid, &owner, pid) || owner == pid;
}

/*
 * Makes the child of a fork the owner of its tables at once. If it waited until it needed them, a
 * vfork(2) child of its own could come first.
 */
static void own_after_fork(void)
{
	struct process *p = process_if_any();

	if (p && p->wiped_by_hand && map_zeroes(p, MAP_FIXED) == (long)p)
		p->wiped_by_hand = true;
	process_is_own();
}

/*
 * glibc's pthread_atfork() is a static function around the first of these, musl has only the second. A library that
 * needs either by name cannot be loaded with the other.
 */
int glibc_register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
			  void *object) __asm__("__register_atfork");
#pragma weak glibc_register_atfork
#pragma weak pthread_atfork
/* What the handler belongs to: compilers define it in each object (Itanium C++ ABI). */
extern void *this_object __asm__("__dso_handle") __attribute__((visibility("hidden")));

__attribute__((constructor)) static void watch_forks(void)
{
	if (glibc_register_atfork)
		forks_are_watched =
			!glibc_register_atfork(NULL, NULL, own_after_fork, (void *)&this_object);
	else if (pthread_atfork)
		forks_are_watched = !pthread_atfork(NULL, NULL, own_after_fork);
}

void process_wait(_Atomic uint32_t *word, uint32_t value)
{
	sys(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
}

void process_wait_shared(_Atomic uint32_t *word, uint32_t value, long ns)
{
	const struct timespec timeout = { 0, ns };

	sys(SYS_futex, word, FUTEX_WAIT, value, &timeout);
}

bool process_wait_bounded(_Atomic uint32_t *word, uint32_t value, long seconds)
{
	const struct timespec timeout = { seconds, 0 };

	return sys(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, &timeout) != -ETIMEDOUT;
}

void process_wake(_Atomic uint32_t *word, int n)
{
	sys(SYS_futex, word, FUTEX_WAKE_PRIVATE, n);
}

void process_lock(_Atomic uint32_t *word)
{
	uint32_t was = UNLOCKED;

	if (atomic_compare_exchange_strong(word, &was, LOCKED))
		return;
	while (atomic_exchange(word, CONTENDED) != UNLOCKED)
		process_wait(word, CONTENDED);
}

void process_unlock(_Atomic uint32_t *word)
{
	if (atomic_exchange(word, UNLOCKED) == CONTENDED)
		process_wake(word, 1);
}
