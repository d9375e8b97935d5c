/*
 * Processes put calls into a ring as the shim does, while this one drains it. All numbers of a call
 * are the same, so that a line mixed from two calls is detected. Each process leaves every 1000th
 * call incomplete, as if it were killed then.
 */
#include "recordmake.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record_fill.h"
#include "report/trace.h"

enum { WRITERS = 3 };

static void ring_put(struct record *rec, unsigned writer, unsigned n)
{
	uint64_t ticket = atomic_fetch_add(&rec->calls, 1) + 1;
	struct record_call *slot = &rec->call[(ticket - 1) % RECORD_CALLS];
	uint64_t was = atomic_load(&slot->ticket);

	if (was >= ticket || !atomic_compare_exchange_strong(&slot->ticket, &was, UINT64_MAX))
		return;
	atomic_thread_fence(memory_order_release);
	slot->time_ns = n;
	slot->pid = slot->tid = (int32_t)writer;
	slot->nr = fill_example().nr;
	slot->fd = (int32_t)n;
	slot->file = RECORD_FILES;
	slot->addr = n;
	slot->len = n;
	slot->pos = n;
	slot->positional = 1;
	slot->ret = n;
	slot->copied = n;
	slot->buffered = n;
	slot->done = DONE_BOUNCED | DONE_BUFFERED;
	slot->duration_ns = n;
	if (n % 1000 != 999)
		atomic_store_explicit(&slot->ticket, ticket, memory_order_release);
}

static void write_calls(struct record *rec, unsigned writer, unsigned calls, unsigned pause_us)
{
	for (unsigned n = 0; n < calls; n++) {
		ring_put(rec, writer, n);
		if (pause_us && n % 100 == 0)
			usleep(pause_us);
	}
	_exit(0);
}

int race(unsigned calls, unsigned pause_us)
{
	struct record *rec =
		mmap(NULL, sizeof(*rec), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t next = 0;
	int running = WRITERS;

	if (rec == MAP_FAILED)
		return 1;
	for (unsigned writer = 0; writer < WRITERS; writer++)
		if (!fork())
			write_calls(rec, writer, calls, pause_us);
	while (running) {
		next = trace_drain(rec, next, stdout, true);
		while (running && waitpid(-1, NULL, WNOHANG) > 0)
			running--;
	}
	next = trace_finish(rec, next, stdout, true);
	return next != (uint64_t)WRITERS * calls;
}
