/* The outcome of a run. See interleave_outcome.h. */
#include "interleave_outcome.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress_util.h"

void describe_bytes(char *into, size_t room, const unsigned char *bytes, long len)
{
	size_t used = 0;

	into[0] = '\0';
	for (long at = 0, run; at < len && used < room; at += run) {
		const char *gap = at ? " " : "";

		for (run = 1; at + run < len && bytes[at + run] == bytes[at];)
			run++;
		if (bytes[at] > ' ' && bytes[at] < 127)
			used += (size_t)snprintf(into + used, room - used, "%s%c%ld", gap,
						 bytes[at], run);
		else
			used += (size_t)snprintf(into + used, room - used, "%s\\%o*%ld", gap,
						 (unsigned)bytes[at], run);
	}
}

static void add_line(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_line(struct run *r, const char *format, ...)
{
	size_t used = strlen(r->outcome);
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->outcome + used, sizeof(r->outcome) - used, format, ap);
	va_end(ap);
}

static bool compares_bytes(const struct run *r)
{
	return !(r->setting->scenario->flags & BYTES_MAY_DIFFER);
}

static void write_op(struct run *r, int actor, int number)
{
	const struct op *op = &r->stage->ops[actor][number];

	if (!r->seen[actor][number].ended)
		add_line(r, "    [%d] %s does not return\n", actor, op->text);
	else if (op->ret < 0)
		add_line(r, "    [%d] %s = %s\n", actor, op->text, strerrorname_np(op->err));
	else
		add_line(r, "    [%d] %s = %ld %s\n", actor, op->text, op->ret,
			 compares_bytes(r) ? op->data : "");
}

static void write_file(struct run *r, int number)
{
	struct file *f = &r->setting->files[number];
	int synced = file_sync(f);
	bool cached = file_is_cached(f);
	char seen[1000];
	char stored[1000];
	long len = cached ? file_cached_bytes(f) : file_device_bytes(f);

	if (synced)
		add_line(r, "    file %c: writing back fails with %s\n", 'A' + number,
			 strerrorname_np(-synced));
	if (len < 0)
		add_line(r, "    file %c: reading fails with %s\n", 'A' + number,
			 strerrorname_np((int)-len));
	describe_bytes(seen, sizeof(seen), f->bytes, len);
	if (compares_bytes(r))
		add_line(r, "    file %c: %ld bytes: %s\n", 'A' + number, len, seen);
	if (!cached)
		return;
	/*
	 * On ext4 (Linux 6.18) a direct read fails with EIO after an ordinary write from bad
	 * memory.
	 */
	if (r->setting->scenario->flags & BAD_MEMORY)
		len = file_stored_bytes(f);
	else
		len = file_device_bytes(f);
	describe_bytes(stored, sizeof(stored), f->bytes, len);
	if (strcmp(seen, stored) != 0)
		add_line(r, "    file %c: the device has %ld bytes: %s\n", 'A' + number, len,
			 stored);
}

static void write_description(struct run *r, int number)
{
	const struct watched *w = &r->stage->watched[number];
	int flags = fcntl(r->watched_fds[number], F_GETFL);
	long long offset = lseek(r->watched_fds[number], 0, SEEK_CUR);

	if (w->file >= 0)
		add_line(r, "    descriptor %d: offset %lld, flags %#o\n", w->fd, offset,
			 flags & ~O_DIRECT);
	if (w->direct && r->setting->direct && !(flags & O_DIRECT))
		run_finding(r, "P8: descriptor %d is not O_DIRECT at the end", w->fd);
	if (!w->direct && flags & O_DIRECT)
		run_finding(r, "P8: ordinary descriptor %d is O_DIRECT at the end", w->fd);
}

void outcome_write(struct run *r)
{
	for (int actor = 0; actor < r->task_count; actor++)
		for (int i = 0; i < r->stage->op_count[actor]; i++)
			write_op(r, actor, i);
	for (int i = 0; i < r->setting->file_count; i++)
		write_file(r, i);
	for (int i = 0; i < r->stage->watched_count; i++)
		write_description(r, i);
}

/* --- Sets --- */

static bool same_order(const struct outcome *o, const struct run *r)
{
	return o->order_len == r->order_len &&
	       !memcmp(o->order, r->order, sizeof(int) * (size_t)r->order_len);
}

static void make_room(struct outcome_set *set)
{
	int room = set->room ? set->room * 2 : 16;
	struct outcome *all;

	if (set->count < set->room)
		return;
	all = realloc(set->all, sizeof(*all) * (size_t)room);
	if (!all)
		die("out of memory");
	set->all = all;
	set->room = room;
}

struct outcome *outcome_add(struct outcome_set *set, const struct run *r, bool with_order)
{
	struct outcome *o;

	for (int i = 0; i < set->count; i++) {
		o = &set->all[i];
		if (!strcmp(o->text, r->outcome) && (!with_order || same_order(o, r))) {
			o->runs++;
			return o;
		}
	}
	make_room(set);
	o = &set->all[set->count++];
	*o = (struct outcome){ .order_len = r->order_len, .runs = 1 };
	memcpy(o->text, r->outcome, sizeof(o->text));
	memcpy(o->order, r->order, sizeof(int) * (size_t)r->order_len);
	return o;
}

void outcome_free(struct outcome_set *set)
{
	free(set->all);
	*set = (struct outcome_set){ 0 };
}

static bool first_of_its_text(const struct outcome_set *set, int number)
{
	for (int i = 0; i < number; i++)
		if (!strcmp(set->all[i].text, set->all[number].text))
			return false;
	return true;
}

int outcome_texts(const struct outcome_set *set)
{
	int texts = 0;

	for (int i = 0; i < set->count; i++)
		texts += first_of_its_text(set, i);
	return texts;
}

/*
 * Returns whether the calls of this run can have happened in that order. They cannot if a later
 * call of that order had ended before an earlier one began.
 */
static bool order_possible(const struct outcome *o, const struct run *r)
{
	for (int late = 0; late < o->order_len; late++)
		for (int early = 0; early < late; early++) {
			const struct seen *a = &r->seen[0][0] + o->order[early];
			const struct seen *b = &r->seen[0][0] + o->order[late];

			if (b->ended_at < a->started_at)
				return false;
		}
	return true;
}

enum allowed outcome_allowed(const struct outcome_set *set, const struct run *r)
{
	enum allowed best = NOT_ALLOWED;

	for (int i = 0; i < set->count; i++) {
		if (strcmp(set->all[i].text, r->outcome) != 0)
			continue;
		if (order_possible(&set->all[i], r))
			return ALLOWED;
		best = ALLOWED_IN_OTHER_ORDERS;
	}
	return best;
}
