/* One run of a scenario. See interleave_run.h. */
#include "interleave_run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interleave_check.h"
#include "interleave_outcome.h"
#include "interleave_syscall.h"
#include "stress_util.h"
#include "raw.h"

enum {
	/*
	 * After so many repetitions of a system call with the same result, the search does not
	 * switch there any more. One long call of the program may get the same result from F_GETFL
	 * several times.
	 */
	REPEATS = 12,
	/* More steps than any scenario takes: a livelock. */
	STEPS_USUAL = 2500,
};

void run_finding(struct run *r, const char *format, ...)
{
	va_list ap;

	if (r->finding_count == FINDINGS_MAX)
		return;
	va_start(ap, format);
	vsnprintf(r->findings[r->finding_count++], sizeof(*r->findings), format, ap);
	va_end(ap);
}

/* --- Recording what happens --- */

static struct line *note(struct run *r, const struct task *t, bool step)
{
	struct line *line = &r->lines[r->line_count];

	if (r->line_count < LINES_MAX - 1)
		r->line_count++;
	*line = (struct line){ .actor = (uint8_t)t->actor,
			       .op = (int8_t)r->op[t->actor],
			       .step = step,
			       .call = t->call };
	return line;
}

/* Does not count private system calls, because they say nothing about progress. */
static void count_answer(struct run *r, const struct task *t)
{
	uint64_t hash = mix64((uint64_t)t->ret ^ syscall_signature(&t->call));
	uint8_t *count = &r->answers[t->actor][hash % ANSWERS];

	if (syscall_private(&t->call))
		return;
	r->repeats[t->actor] = *count;
	*count += *count < UINT8_MAX;
}

static void call_returned(struct run *r, const struct task *t)
{
	/* It may not be the last line: other actors may have run while this one was blocked. */
	for (int i = r->line_count - 1; i >= 0; i--)
		if (r->lines[i].actor == t->actor) {
			r->lines[i].ret = t->ret;
			r->lines[i].returned = true;
			break;
		}
	if (t->call.nr == MARK_CALL)
		return;
	count_answer(r, t);
	check_call(r, t);
}

static void mark_reached(struct run *r, struct task *t)
{
	int number = (int)t->call.args[1];

	switch (t->call.args[0]) {
	case MARK_START:
		r->op[t->actor] = number;
		memset(r->answers[t->actor], 0, sizeof(r->answers[t->actor]));
		check_started(r, t->actor, number);
		break;
	case MARK_END:
		check_ended(r, t->actor, number);
		r->op[t->actor] = -1;
		r->order[r->order_len++] = t->actor * OPS_MAX + number;
		break;
	default:
		t->state = TASK_DONE;
	}
}

static void adopt(struct run *r, struct task *parent)
{
	if (r->task_count == TASKS_MAX)
		die("%s forks too often", r->setting->scenario->name);
	task_adopt(&r->tasks[r->task_count], parent->forked, r->task_count, parent->points);
	parent->forked = 0;
	r->task_count++;
}

/* --- A step --- */

static bool is_mark(const struct task *t, enum mark mark)
{
	return t->call.nr == MARK_CALL && t->call.args[0] == mark;
}

/* Returns whether the tool may switch to another actor before this call. */
static bool is_point(const struct run *r, const struct task *t)
{
	if (t->call.nr == MARK_CALL)
		return is_mark(t, MARK_START);
	if (r->setting->whole_calls && r->op[t->actor] >= 0 &&
	    r->seen[t->actor][r->op[t->actor]].calls == 0)
		return false;
	return r->setting->all_calls || !syscall_private(&t->call);
}

static bool can_go_on(const struct task *t)
{
	return t->state == TASK_ENTRY || t->state == TASK_EXIT || t->state == TASK_POINT ||
	       t->state == TASK_BUSY;
}

static bool others_can_go_on(const struct run *r, const struct task *t)
{
	for (int i = 0; i < r->task_count; i++)
		if (&r->tasks[i] != t && can_go_on(&r->tasks[i]))
			return true;
	return false;
}

static void make_call(struct run *r, struct task *t, bool first)
{
	note(r, t, first);
	if (syscall_yields(&t->call)) {
		t->yields = true;
		if (syscall_naps(&t->call) && others_can_go_on(r, t))
			task_skip_sleep(t);
	}
	if (is_mark(t, MARK_START))
		mark_reached(r, t);
	task_resume(t);
	if (t->forked)
		adopt(r, t);
	if (t->state == TASK_EXIT)
		call_returned(r, t);
}

/* Makes one step: from the call at which the actor is stopped to the next possible switch. */
static void step(struct run *r, struct task *t)
{
	bool first = true;

	while (t->state != TASK_BLOCKED && t->state != TASK_DONE && t->state != TASK_GONE) {
		if (t->state == TASK_POINT && !first)
			return;
		if (t->state == TASK_POINT)
			note(r, t, true)->returned = true;
		if (t->state == TASK_ENTRY) {
			if (!first && is_point(r, t))
				return;
			make_call(r, t, first);
		} else {
			task_resume(t);
			if (t->state == TASK_BUSY) {
				t->yields = true;
				return;
			}
			if (t->state == TASK_ENTRY &&
			    (is_mark(t, MARK_END) || is_mark(t, MARK_DONE)))
				mark_reached(r, t);
		}
		first = false;
	}
}

/* --- Choosing the next actor --- */

static void wake(struct run *r)
{
	for (int i = 0; i < r->task_count; i++)
		if (r->tasks[i].state == TASK_BLOCKED && task_woken(&r->tasks[i]))
			call_returned(r, &r->tasks[i]);
}

static unsigned enabled(const struct run *r)
{
	unsigned mask = 0;

	for (int i = 0; i < r->task_count; i++)
		if (can_go_on(&r->tasks[i]))
			mask |= 1u << i;
	return mask;
}

/* Leaves out actors that have yielded. If all of them have, forgets that and returns all. */
static unsigned willing(struct run *r, unsigned mask)
{
	unsigned left = mask;

	for (int i = 0; i < r->task_count; i++)
		if (r->tasks[i].yields)
			left &= ~(1u << i);
	if (left)
		return left;
	for (int i = 0; i < r->task_count; i++)
		r->tasks[i].yields = false;
	return mask;
}

/* Returns the current actor if it can continue, or the next one that can. */
static int usual_choice(const struct run *r, unsigned mask)
{
	int turn = r->current < 0 ? 0 : r->current;

	for (int i = 0; i < r->task_count; i++)
		if (mask >> ((turn + i) % r->task_count) & 1)
			return (turn + i) % r->task_count;
	return 0;
}

static int choose(struct run *r, unsigned mask)
{
	unsigned ready = willing(r, mask);
	int previous = r->current;
	int chosen = usual_choice(r, ready);
	struct choice *c = &r->choices[r->steps];

	if (r->steps < r->prefix_len) {
		if (mask >> r->prefix[r->steps] & 1)
			chosen = r->prefix[r->steps];
		else
			r->diverged = true;
	}
	*c = (struct choice){ .chosen = (uint8_t)chosen, .enabled = (uint8_t)mask };
	c->previous = (uint8_t)(previous < 0 ? ACTORS_MAX : previous);
	c->forced = previous < 0 || !(mask >> previous & 1);
	c->fruitless = previous >= 0 && r->repeats[previous] >= REPEATS;
	c->history = r->history;
	return chosen;
}

static void go_on(struct run *r, int chosen)
{
	struct task *t = &r->tasks[chosen];
	bool yielded = t->yields;

	t->yields = false;
	r->history =
		(uint32_t)mix64(mix64(r->history ^ (unsigned)chosen) ^ syscall_signature(&t->call));
	step(r, t);
	r->current = chosen;
	r->steps++;
	check_step(r);
	/* The condition that the other actors poll for may have changed. */
	if (!t->yields || yielded)
		for (int i = 0; i < r->task_count; i++)
			if (i != chosen)
				r->tasks[i].yields = false;
	if (t->state == TASK_GONE) {
		run_finding(r, "actor %d was killed by signal %d", chosen, t->signal);
		r->stuck = true;
	}
}

/* Lets a timeout expire when no actor can continue. Returns false if none waits with one. */
static bool let_time_pass(struct run *r)
{
	bool all_done = true;

	for (int i = 0; i < r->task_count; i++) {
		if (r->tasks[i].state == TASK_BLOCKED && r->tasks[i].timed) {
			task_time_out(&r->tasks[i]);
			call_returned(r, &r->tasks[i]);
			return true;
		}
		all_done = all_done && r->tasks[i].state == TASK_DONE;
	}
	if (!all_done) {
		run_finding(r, "deadlock: no actor can continue");
		r->stuck = true;
	}
	return false;
}

static void play(struct run *r)
{
	while (!r->stuck) {
		unsigned mask;

		wake(r);
		mask = enabled(r);
		if (mask)
			go_on(r, choose(r, mask));
		else if (!let_time_pass(r))
			break;
		if (r->steps == STEPS_USUAL) {
			run_finding(r, "not finished after %d steps", r->steps);
			r->stuck = true;
		}
	}
}

static void prepare(struct run *r, struct setting *setting)
{
	struct stage *stage = setting->server->stage;

	memset(r, 0, offsetof(struct run, choices));
	r->line_count = r->order_len = r->finding_count = 0;
	r->history = 0;
	r->diverged = r->stuck = false;
	memset(r->seen, 0, sizeof(r->seen));
	memset(r->repeats, 0, sizeof(r->repeats));
	memset(r->answers, 0, sizeof(r->answers));
	memset(r->op, -1, sizeof(r->op));
	r->outcome[0] = '\0';
	r->setting = setting;
	r->stage = stage;
	r->current = -1;
	memset(stage->op_count, 0, sizeof(stage->op_count));
	stage->watched_count = 0;
	stage->trouble[0] = '\0';
}

static int steal_descriptor(pid_t pid, int fd)
{
	int process = (int)raw_syscall(SYS_pidfd_open, pid, 0);
	int ours;

	if (process < 0)
		die("pidfd_open: %s", strerror(errno));
	ours = (int)raw_syscall(SYS_pidfd_getfd, process, fd, 0);
	if (ours < 0)
		die("pidfd_getfd: %s", strerror(errno));
	close(process);
	return ours;
}

void run_play(struct run *r, struct setting *setting, const uint8_t *prefix, int len)
{
	prepare(r, setting);
	r->prefix = prefix;
	r->prefix_len = len;
	for (int i = 0; i < setting->file_count; i++)
		file_reset(&setting->files[i]);
	r->task_count = setting->scenario->actors;
	server_fork(setting->server, r->tasks, r->task_count);
	for (int i = 0; i < r->stage->watched_count; i++)
		r->watched_fds[i] = steal_descriptor(r->tasks[0].pid, r->stage->watched[i].fd);
	play(r);
	if (!r->stuck)
		check_end(r);
	outcome_write(r);
	tasks_kill(r->tasks, r->task_count);
	for (int i = 0; i < r->stage->watched_count; i++)
		close(r->watched_fds[i]);
}

/* --- Orders as text --- */

void run_schedule(const struct run *r, char *into, size_t room)
{
	size_t used = 0;

	into[0] = '\0';
	for (int at = 0, count; at < r->steps && used < room; at += count) {
		for (count = 1; at + count < r->steps &&
				r->choices[at + count].chosen == r->choices[at].chosen;)
			count++;
		used += (size_t)snprintf(into + used, room - used, "%s%dx%d", at ? " " : "",
					 r->choices[at].chosen, count);
	}
}

int run_parse_schedule(const char *text, uint8_t *choices, int most)
{
	int len = 0;
	char *end;

	while (*text) {
		long actor = strtol(text, &end, 10);
		long count;

		if (end == text || *end != 'x' || actor < 0 || actor >= ACTORS_MAX)
			die("invalid schedule; the form is \"0x12 1x3 0x20\"");
		count = strtol(end + 1, &end, 10);
		for (long i = 0; i < count && len < most; i++)
			choices[len++] = (uint8_t)actor;
		while (*end == ' ')
			end++;
		text = end;
	}
	return len;
}

/* Returns whether the line is the same as each of the two before it. */
static bool repeats(const struct run *r, int i)
{
	const struct line *l = &r->lines[i];

	for (int back = 1; back <= 2; back++)
		if (i < back || l[-back].actor != l->actor || l[-back].ret != l->ret ||
		    l->call.nr == MARK_CALL ||
		    memcmp(&l[-back].call, &l->call, sizeof(l->call)) != 0)
			return false;
	return true;
}

static void print_line(const struct run *r, const struct line *l, int step)
{
	char text[300];

	if (l->call.nr == MARK_CALL) {
		if (l->call.args[0] == MARK_START)
			printf("  %4d  %*s[%d] %s:\n", step, l->actor * 4, "", l->actor,
			       r->stage->ops[l->actor][l->call.args[1]].text);
		return;
	}
	syscall_describe(&l->call, l->ret, l->returned, text, sizeof(text));
	if (l->step)
		printf("  %4d  ", step);
	else
		printf("        ");
	printf("%*s[%d]   %s\n", l->actor * 4, "", l->actor, text);
}

void run_print(const struct run *r)
{
	int steps = 0;
	int left_out = 0;

	for (int i = 0; i < r->line_count; i++) {
		steps += r->lines[i].step;
		if (repeats(r, i)) {
			left_out++;
			continue;
		}
		if (left_out)
			printf("        (and %d times more)\n", left_out);
		left_out = 0;
		print_line(r, &r->lines[i], steps);
	}
	if (left_out)
		printf("        (and %d times more)\n", left_out);
}
