/* Collects and prints the faults. See interleave_report.h. */
#include "interleave_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress_util.h"

void report_allowed(struct run *r, int preemptions, void *context)
{
	struct report *report = context;

	(void)preemptions;
	if (r->finding_count)
		die("%s, on an ordinary file: %s", r->setting->scenario->name, r->findings[0]);
	outcome_add(&report->allowed, r, true);
}

static struct fault *fault_of(struct report *report, const char *text)
{
	struct fault *f;

	for (int i = 0; i < report->fault_count; i++)
		if (!strcmp(report->faults[i].text, text))
			return &report->faults[i];
	f = realloc(report->faults, sizeof(*f) * (size_t)(report->fault_count + 1));
	if (!f)
		die("out of memory");
	report->faults = f;
	f += report->fault_count++;
	*f = (struct fault){ 0 };
	snprintf(f->text, sizeof(f->text), "%s", text);
	return f;
}

static void note_fault(struct report *report, const struct run *r, int preemptions,
		       const char *text)
{
	struct fault *f = fault_of(report, text);

	if (!f->runs++) {
		run_schedule(r, f->schedule, sizeof(f->schedule));
		f->preemptions = preemptions;
	}
}

void report_compare(struct run *r, int preemptions, void *context)
{
	struct report *report = context;
	enum allowed allowed = outcome_allowed(&report->allowed, r);
	static char text[TEXT_ROOM + 300];

	outcome_add(&report->seen, r, false);
	if (allowed != ALLOWED && !r->stuck) {
		snprintf(text, sizeof(text),
			 "an outcome that an ordinary file does not allow%s:\n%s",
			 allowed == NOT_ALLOWED ? "" : " in this order of calls", r->outcome);
		note_fault(report, r, preemptions, text);
	}
	for (int i = 0; i < r->finding_count; i++)
		note_fault(report, r, preemptions, r->findings[i]);
	report->wrong += (allowed != ALLOWED && !r->stuck) || r->finding_count;
}

static void show_allowed(const struct report *report)
{
	printf("  allowed:\n");
	for (int i = 0; i < report->allowed.count; i++) {
		const char *text = report->allowed.all[i].text;
		bool again = false;

		for (int k = 0; k < i && !again; k++)
			again = !strcmp(report->allowed.all[k].text, text);
		if (!again)
			printf("%s    --\n", text);
	}
}

/* Runs the order again and prints its steps. */
static void show_fault(struct run *r, struct setting *s, const struct fault *f)
{
	uint8_t choices[STEPS_MAX];
	int len = run_parse_schedule(f->schedule, choices, STEPS_MAX);

	printf("  with %d preemption%s (%ld orders): %s%s", f->preemptions,
	       f->preemptions == 1 ? "" : "s", f->runs, f->text,
	       f->text[strlen(f->text) - 1] == '\n' ? "" : "\n");
	printf("  --replay '%s'\n", f->schedule);
	run_play(r, s, choices, len);
	run_print(r);
	if (r->diverged)
		printf("  (the order could not be replayed)\n");
}

/* The first two characters are the kind: "P3", "P8", "an". Its first fault is the simplest. */
static bool first_of_its_kind(const struct report *report, int number)
{
	enum { KIND = 2 };

	for (int i = 0; i < number; i++)
		if (!strncmp(report->faults[i].text, report->faults[number].text, KIND))
			return false;
	return true;
}

void report_show(struct run *r, struct setting *s, const struct report *report, bool brief)
{
	bool outcomes = false;
	int shown = 0;

	for (int i = 0; i < report->fault_count; i++) {
		const struct fault *f = &report->faults[i];

		if (!first_of_its_kind(report, i))
			continue;
		shown++;
		outcomes = outcomes || !strncmp(f->text, "an outcome", 10);
		if (brief)
			printf("  %s%s", f->text, f->text[strlen(f->text) - 1] == '\n' ? "" : "\n");
		else
			show_fault(r, s, f);
	}
	if (shown < report->fault_count)
		printf("  and %d other faults of these kinds\n", report->fault_count - shown);
	if (outcomes && !brief)
		show_allowed(report);
}

void report_free(struct report *report)
{
	outcome_free(&report->allowed);
	outcome_free(&report->seen);
	free(report->faults);
}
