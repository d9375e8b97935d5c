/*
 * Reads the ring of calls (common/record.h) while processes write to it.
 *
 * A slot holds call number n when its ticket is n + 1. The ticket is read before and after the
 * copy: if it has changed, a later call has overwritten the slot. If the ticket is lower, the call
 * is still being written, which is soon complete unless the writer was killed or stopped. The next
 * drain tries such a call again. It is given up when a later call has been complete for a second,
 * or when the ring has advanced by half.
 */
#include "report/trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "print/text.h"

#define BEING_WRITTEN UINT64_MAX
#define PATIENCE_NS INT64_C(1000000000)

enum slot { COMPLETE, INCOMPLETE, OVERWRITTEN };

/* The state of a drain. */
struct drain {
	const struct record *rec;
	uint64_t next, end;
	FILE *to; /* NULL: to the array */
	json_t *array;
	bool json, final;
	uint64_t overwritten, incomplete; /* lost, and not yet printed */
};

static const struct record_call *slot_of(const struct record *rec, uint64_t number)
{
	return &rec->call[number % RECORD_CALLS];
}

static void copy_call(const struct record_call *from, struct trace_call *to)
{
	*to = (struct trace_call){
		.time_ns = from->time_ns,
		.pid = from->pid,
		.tid = from->tid,
		.nr = from->nr,
		.fd = from->fd,
		.file = from->file,
		.iovcnt = from->iovcnt,
		.addr = from->addr,
		.len = from->len,
		.pos = from->pos,
		.ret = from->ret,
		.copied = from->copied,
		.buffered = from->buffered,
		.duration_ns = from->duration_ns,
		.misaligned = from->misaligned,
		.done = from->done,
		.refusal = from->refusal,
		.positional = from->positional,
		.rwf = from->rwf,
	};
}

static enum slot read_slot(const struct record *rec, uint64_t number, struct trace_call *call)
{
	const struct record_call *slot = slot_of(rec, number);
	uint64_t ticket = atomic_load_explicit(&slot->ticket, memory_order_acquire);

	if (ticket == BEING_WRITTEN || ticket < number + 1)
		return INCOMPLETE;
	if (ticket > number + 1)
		return OVERWRITTEN;
	copy_call(slot, call);
	/* The copy must not be reordered after the second read of the ticket. */
	atomic_thread_fence(memory_order_acquire);
	ticket = atomic_load_explicit(&slot->ticket, memory_order_relaxed);
	return ticket == number + 1 ? COMPLETE : OVERWRITTEN;
}

/* Whether to stop waiting for the incomplete call d->next. */
static bool given_up(const struct drain *d)
{
	struct trace_call later;
	struct timespec now;

	if (d->final || d->end - d->next > RECORD_CALLS / 2)
		return true;
	for (uint64_t n = d->next + 1; n < d->end; n++) {
		if (read_slot(d->rec, n, &later) != COMPLETE)
			continue;
		clock_gettime(CLOCK_REALTIME, &now);
		return now.tv_sec * INT64_C(1000000000) + now.tv_nsec - later.time_ns > PATIENCE_NS;
	}
	return false;
}

static void put_object(struct drain *d, json_t *object)
{
	char *text;

	if (d->array) {
		json_array_append_new(d->array, object);
		return;
	}
	text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	if (!text)
		return;
	/* The newline replaces the NUL, so that one fwrite() writes the whole line. */
	size_t len = strlen(text);

	text[len] = '\n';
	fwrite(text, 1, len + 1, d->to);
	free(text);
}

static void say_lost(struct drain *d, uint64_t *lost, const char *why)
{
	char number[2 * TEXT_NUMBER], line[160];

	if (!*lost)
		return;
	if (d->json) {
		put_object(d, json_pack("{s:I, s:s}", "lost", (json_int_t)*lost, "why", why));
	} else {
		int len = snprintf(line, sizeof(line), "# %s lost: %s\n",
				   text_counted(*lost, "call", number, sizeof(number)), why);

		fwrite(line, 1, (size_t)len, d->to);
	}
	*lost = 0;
}

static void say_all_lost(struct drain *d)
{
	say_lost(d, &d->overwritten, "overwritten before being printed");
	say_lost(d, &d->incomplete, "incomplete, for example because the process was killed");
}

static void put_call(struct drain *d, const struct trace_call *call)
{
	say_all_lost(d);
	if (d->json)
		put_object(d, trace_object(call, d->rec));
	else
		trace_line(call, d->rec, d->to);
}

/* Prints call d->next, or counts it as lost. Returns false if it is incomplete and not given up. */
static bool drain_step(struct drain *d)
{
	struct trace_call call;

	switch (read_slot(d->rec, d->next, &call)) {
	case COMPLETE:
		put_call(d, &call);
		break;
	case OVERWRITTEN:
		d->overwritten++;
		break;
	default:
		if (!given_up(d))
			return false;
		d->incomplete++;
	}
	d->next++;
	return true;
}

static uint64_t drain(struct drain *d)
{
	d->end = atomic_load_explicit(&d->rec->calls, memory_order_acquire);
	if (d->end > d->next && d->end - d->next > RECORD_CALLS) {
		d->overwritten = d->end - RECORD_CALLS - d->next;
		d->next = d->end - RECORD_CALLS;
	}
	while (d->next < d->end && drain_step(d))
		;
	say_all_lost(d);
	if (d->to)
		fflush(d->to);
	return d->next;
}

uint64_t trace_drain(const struct record *rec, uint64_t next, FILE *to, bool json)
{
	return drain(&(struct drain){ .rec = rec, .next = next, .to = to, .json = json });
}

uint64_t trace_finish(const struct record *rec, uint64_t next, FILE *to, bool json)
{
	return drain(
		&(struct drain){ .rec = rec, .next = next, .to = to, .json = json, .final = true });
}

/* Returns the number of the oldest call that the ring still has. */
static uint64_t first_kept(const struct record *rec)
{
	uint64_t end = atomic_load_explicit(&rec->calls, memory_order_acquire);

	return end > RECORD_CALLS ? end - RECORD_CALLS : 0;
}

void trace_print(const struct record *rec, FILE *to)
{
	uint64_t first = first_kept(rec);
	char number[2 * TEXT_NUMBER];

	if (first)
		fprintf(to, "# %s lost: only the last calls are kept\n",
			text_counted(first, "earlier call", number, sizeof(number)));
	trace_finish(rec, first, to, false);
}

json_t *trace_array(const struct record *rec)
{
	uint64_t first = first_kept(rec);
	struct drain d = { .rec = rec, .next = first, .json = true, .final = true };

	d.array = json_array();
	if (d.array && first)
		json_array_append_new(d.array, json_pack("{s:I, s:s}", "lost", (json_int_t)first,
							 "why", "only the last calls are kept"));
	if (d.array)
		drain(&d);
	return d.array;
}
