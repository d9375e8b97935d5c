/* What the shim keeps for a process. See process.h. */
#include "process.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/mman.h>

#include "sys.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

static _Atomic(struct process *) the_process;

static struct process *make(void)
{
	struct process *p = NULL;
	struct process *first = NULL;
	long addr = sys(SYS_mmap, NULL, sizeof(*p), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);

	if (addr < 0)
		return NULL;
	p = (struct process *)addr;
	/* Without the wipe a child would inherit claims that nobody gives up. Better to have none. */
	if (!sys(SYS_madvise, p, sizeof(*p), MADV_WIPEONFORK) &&
	    atomic_compare_exchange_strong(&the_process, &first, p))
		return p;
	sys(SYS_munmap, p, sizeof(*p));
	return first;
}

struct process *process(void)
{
	struct process *p = atomic_load_explicit(&the_process, memory_order_acquire);

	return p ? p : make();
}

void process_wait(_Atomic uint32_t *word, uint32_t value)
{
	sys(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
}

void process_wake(_Atomic uint32_t *word, int n)
{
	sys(SYS_futex, word, FUTEX_WAKE_PRIVATE, n);
}
