/*
 * Reading the ring of calls (common/record.h) while others write to it.
 *
 * A slot holds call number n when its ticket is n + 1. The ticket is read before the copy and again
 * after it: one that has changed meanwhile says that a later call has taken the slot. A slot whose
 * ticket is behind is being written, and will be complete in no time, unless who writes it has been
 * killed or stopped. It is waited for (in the next drain) until a later call has been complete for
 * a second, or the ring has moved on by half.
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

/* Where a drain stands. */
struct drain {
	const struct record *rec;
	uint64_t next, end;
	FILE *to;        /* NULL: into the array */
	json_t *array;
	bool json, final;
	uint64_t overwritten, incomplete; /* lost, and not yet said */
};

static const struct record_call *slot_of(const struct record *rec, uint64_t number)
{
	return &rec->call[number % RECORD_CALLS];
}

static void copy_call(const struct record_call *from, struct trace_call *to)
{
	*to = (struct trace_call){
		.time_ns = from->time_ns, .pid = from->pid, .tid = from->tid, .nr = from->nr,
		.fd = from->fd, .file = from->file, .iovcnt = from->iovcnt, .addr = from->addr,
		.len = from->len, .pos = from->pos, .ret = from->ret, .copied = from->copied,
		.buffered = from->buffered, .duration_ns = from->duration_ns,
		.misaligned = from->misaligned, .done = from->done, .refusal = from->refusal,
		.positional = from->positional, .rwf = from->rwf,
	};
}

static enum slot get(const struct record *rec, uint64_t number, struct trace_call *call)
{
	const struct record_call *slot = slot_of(rec, number);
	uint64_t ticket = atomic_load_explicit(&slot->ticket, memory_order_acquire);

	if (ticket == BEING_WRITTEN || ticket < number + 1)
		return INCOMPLETE;
	if (ticket > number + 1)
		return OVERWRITTEN;
	copy_call(slot, call);
	/* The copy is not to be put off until after the second look. */
	atomic_thread_fence(memory_order_acquire);
	ticket = atomic_load_explicit(&slot->ticket, memory_order_relaxed);
	return ticket == number + 1 ? COMPLETE : OVERWRITTEN;
}

/* Whether what comes after number has long been complete. */
static bool given_up(const struct drain *d)
{
	struct trace_call later;
	struct timespec now;

	if (d->final || d->end - d->next > RECORD_CALLS / 2)
		return true;
	for (uint64_t n = d->next + 1; n < d->end; n++) {
		if (get(d->rec, n, &later) != COMPLETE)
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
	/* Over the NUL: the line goes out in one piece. */
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
	say_lost(d, &d->overwritten, "they came faster than they could be printed");
	say_lost(d, &d->incomplete, "not noted in full, as by a process that was killed");
}

static void put_call(struct drain *d, const struct trace_call *call)
{
	say_all_lost(d);
	if (d->json)
		put_object(d, trace_object(call, d->rec));
	else
		trace_line(call, d->rec, d->to);
}

/* One more; false if it has to be waited for. */
static bool step(struct drain *d)
{
	struct trace_call call;

	switch (get(d->rec, d->next, &call)) {
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
	while (d->next < d->end && step(d))
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
	return drain(&(struct drain){
		.rec = rec, .next = next, .to = to, .json = json, .final = true });
}

/* The first number that is kept. */
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
		fprintf(to, "# %s not kept\n",
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
