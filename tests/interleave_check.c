/* Checks that must hold at each step. See interleave_check.h. */
#include "interleave_check.h"

#include <errno.h>
#include <fcntl.h>

#include "interleave_syscall.h"

/*
 * How many EINVAL one call of the program may get: for the call itself and for a few probes of the
 * alignment; and how many show that it never stops.
 */
enum { REFUSALS_MOST = 8, REFUSALS_ENDLESS = 50 };

static bool pages_matter(const struct run *r)
{
	return r->setting->pages_known && !(r->setting->scenario->flags & MAY_BE_DIRTY);
}

static bool in_progress(const struct seen *seen)
{
	return seen->started && !seen->ended;
}

/* Iterates over all calls of the program that have started. */
struct walk {
	int actor, number;
};

static const struct op *next_started(const struct run *r, struct walk *w, const struct seen **seen)
{
	while (w->actor < r->task_count) {
		if (w->number == OPS_MAX || !r->seen[w->actor][w->number].started) {
			w->actor++;
			w->number = 0;
			continue;
		}
		*seen = &r->seen[w->actor][w->number];
		return &r->stage->ops[w->actor][w->number++];
	}
	return NULL;
}

static bool covers(const struct op *op, uint64_t page)
{
	return op->pos >= 0 && (uint64_t)op->pos <= page &&
	       (uint64_t)op->pos + op->len >= page + PAGE;
}

/* A call at an implied offset may touch any page. */
static bool touches(const struct op *op, uint64_t page)
{
	return op->pos < 0 ||
	       ((uint64_t)op->pos < page + PAGE && (uint64_t)op->pos + op->len > page);
}

void check_started(struct run *r, int actor, int number)
{
	struct seen *seen = &r->seen[actor][number];

	*seen = (struct seen){ .started = true, .started_at = r->steps };
	for (int i = 0; i < r->task_count; i++) {
		if (i == actor || r->op[i] < 0 || !in_progress(&r->seen[i][r->op[i]]))
			continue;
		seen->accompanied = true;
		r->seen[i][r->op[i]].accompanied = true;
	}
}

void check_call(struct run *r, const struct task *t)
{
	struct seen *seen;

	if (r->op[t->actor] < 0)
		return;
	seen = &r->seen[t->actor][r->op[t->actor]];
	seen->calls++;
	if (syscall_hands_over(&t->call) && r->setting->scenario->flags & AWAITED)
		run_finding(r, "P5: %s submits I/O that continues without the inode lock",
			    r->stage->ops[t->actor][r->op[t->actor]].text);
	if (!syscall_moves(&t->call))
		return;
	seen->moves++;
	if (t->ret == -EINVAL && ++seen->refusals == REFUSALS_ENDLESS) {
		run_finding(r, "P8: %s was refused %u times and is still repeated",
			    r->stage->ops[t->actor][r->op[t->actor]].text, seen->refusals);
		r->stuck = true;
	}
}

/*
 * Returns whether a page may be dirty when `ended` has returned: because of an ordinary write, or
 * of a direct write that is still in progress.
 */
static bool may_be_dirty(const struct run *r, const struct op *ended, uint64_t page)
{
	struct walk w = { 0 };
	const struct seen *seen;
	const struct op *op;

	while ((op = next_started(r, &w, &seen)))
		if (op != ended && op->kind == OP_WRITE && touches(op, page) &&
		    (!op->direct || in_progress(seen)))
			return true;
	return false;
}

/* P3: a direct write returns when its bytes are on the device. */
static void check_dirty(struct run *r, const struct op *op)
{
	const struct file *f = &r->setting->files[op->file];
	uint64_t start = op->pos < 0 ? 0 : (uint64_t)op->pos / PAGE * PAGE;
	uint64_t end = op->pos < 0 ? file_size(f) : (uint64_t)op->pos + (uint64_t)op->ret;

	for (uint64_t page = start; page < end; page += PAGE)
		if (file_dirty_pages(f, page, PAGE) && !may_be_dirty(r, op, page)) {
			run_finding(r, "P3: %s has returned, but the page at %llu is dirty",
				    op->text, (unsigned long long)page);
			return;
		}
}

/*
 * Returns whether a page may be in the page cache after a direct read: because of an ordinary
 * write, or of a direct write that covers only a part of it.
 */
static bool may_be_cached(const struct run *r, uint64_t page)
{
	struct walk w = { 0 };
	const struct seen *seen;
	const struct op *op;

	while ((op = next_started(r, &w, &seen)))
		if (op->kind == OP_WRITE && touches(op, page) && (!op->direct || !covers(op, page)))
			return true;
	return false;
}

static void check_cached(struct run *r, const struct op *op)
{
	const struct file *f = &r->setting->files[op->file];

	for (uint64_t page = (uint64_t)op->pos / PAGE * PAGE;
	     page < (uint64_t)op->pos + (uint64_t)op->ret; page += PAGE)
		if (file_cached_pages(f, page, PAGE) && !may_be_cached(r, page)) {
			run_finding(r, "P3: %s has left the page at %llu in the page cache",
				    op->text, (unsigned long long)page);
			return;
		}
}

static bool checks_reads(const struct run *r, const struct op *op)
{
	return r->setting->scenario->flags & READS_UNCACHED && r->setting->strict &&
	       op->kind == OP_READ && op->direct && op->pos >= 0 && op->ret > 0;
}

static void check_count(struct run *r, const struct op *op, const struct seen *seen)
{
	unsigned most = r->setting->scenario->flags & ONE_REFUSAL ? 1 : REFUSALS_MOST;

	if (seen->refusals > most)
		run_finding(r, "P8: %s was refused %u times", op->text, seen->refusals);
	if (op->aligned && op->ret >= 0 && !seen->accompanied && seen->calls != 1)
		run_finding(r, "P2: %s, aligned and undisturbed, took %u system calls", op->text,
			    seen->calls);
}

void check_ended(struct run *r, int actor, int number)
{
	const struct op *op = &r->stage->ops[actor][number];
	struct seen *seen = &r->seen[actor][number];

	seen->ended = true;
	seen->ended_at = r->steps;
	if (!r->setting->direct)
		return;
	check_count(r, op, seen);
	if (!pages_matter(r))
		return;
	if (op->kind == OP_WRITE && op->direct && op->ret > 0)
		check_dirty(r, op);
	if (checks_reads(r, op))
		check_cached(r, op);
}

/* P4: returns the maximum size that the file can have after all writes that have started. */
static uint64_t longest(const struct run *r, uint64_t at_first)
{
	struct walk w = { 0 };
	const struct seen *seen;
	const struct op *op;
	uint64_t end = at_first;
	uint64_t appended = 0;

	while ((op = next_started(r, &w, &seen))) {
		if (op->kind != OP_WRITE)
			continue;
		if (op->pos < 0)
			appended += op->len;
		else if ((uint64_t)op->pos + op->len > end)
			end = (uint64_t)op->pos + op->len;
	}
	return end + appended;
}

void check_step(struct run *r)
{
	if (!r->setting->direct)
		return;
	for (int i = 0; i < r->setting->file_count; i++) {
		const struct file *f = &r->setting->files[i];

		if (file_size(f) > longest(r, f->size))
			run_finding(r,
				    "P4: file %c has %zu bytes, more than all writes so far "
				    "could have made",
				    'A' + i, file_size(f));
	}
}

/* Returns whether all watched descriptors of the file are direct, and there is one. */
static bool only_direct(const struct run *r, int file)
{
	bool direct = false;

	for (int i = 0; i < r->stage->watched_count; i++) {
		const struct watched *w = &r->stage->watched[i];

		if (w->file == file && !w->direct)
			return false;
		direct = direct || w->file == file;
	}
	return direct;
}

static void check_left_dirty(struct run *r, int file)
{
	const struct file *f = &r->setting->files[file];

	if (!only_direct(r, file) || !file_dirty_pages(f, 0, FILE_ROOM))
		return;
	for (uint64_t page = 0; page < file_size(f); page += PAGE)
		if (file_dirty_pages(f, page, PAGE) && !may_be_dirty(r, NULL, page)) {
			run_finding(r,
				    "P3: all calls have returned, but the page at %llu of file "
				    "%c is dirty",
				    (unsigned long long)page, 'A' + file);
			return;
		}
}

void check_end(struct run *r)
{
	struct walk w = { 0 };
	const struct seen *seen;
	const struct op *op;

	if (!r->setting->direct || !pages_matter(r))
		return;
	for (int i = 0; i < r->setting->file_count; i++)
		check_left_dirty(r, i);
	while ((op = next_started(r, &w, &seen)))
		if (checks_reads(r, op))
			check_cached(r, op);
}
