/* What --check prints, and the warning. See reach.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check/covered.h"
#include "print/message.h"
#include "check/reach.h"

static const char *verdict_text(enum reach_verdict verdict)
{
	return verdict == REACH_YES ? "within reach" :
	       verdict == REACH_NO  ? "out of reach" : "cannot tell";
}

static void print_names(uint64_t set)
{
	for (unsigned i = 0; i < covered_count; i++)
		if (set & (UINT64_C(1) << i))
			printf(" %s", covered_names[i]);
}

/* Objects that import nothing covered are passed over; those that are missing are not. */
static void print_objects(const struct reach *r)
{
	uint64_t all = 0;

	for (size_t i = 0; i < r->object_count; i++)
		all |= r->objects[i].imports;
	if (all)
		puts("covered calls that it imports:");
	for (size_t i = 0; i < r->object_count; i++) {
		const struct reach_object *o = &r->objects[i];

		if (!o->imports)
			continue;
		printf("  %s:", o->name);
		print_names(o->imports);
		putchar('\n');
	}
	for (size_t i = 0; i < r->object_count; i++)
		if (!r->objects[i].path)
			printf("not found: %s\n", r->objects[i].name);
}

static void print_answer(const struct reach *r)
{
	printf("%s: %s", r->path, verdict_text(r->verdict));
	if (r->reason)
		printf(": %s", r->reason);
	putchar('\n');
	for (size_t i = 0; i < r->step_count; i++)
		printf("  %s\n", r->steps[i]);
	if (r->step_count)
		printf("  %s is what was looked at\n", r->program);
	if (r->advice)
		printf("what to do: %s\n", r->advice);
	/* Of a program that is out of reach the list would only raise hopes. */
	if (r->verdict != REACH_NO)
		print_objects(r);
}

int reach_check(char *const argv[], const char *library)
{
	struct reach r;
	int error = reach_look(argv, library, &r);
	int status = r.verdict == REACH_YES ? 0 : 1;

	if (error) {
		message("%s: %s%s%s", argv[0], r.trouble ? r.trouble : "", r.trouble ? ": " : "",
			strerror(error));
		status = error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	} else {
		print_answer(&r);
	}
	reach_free(&r);
	return status;
}

void reach_warn(const char *command, const struct reach *r)
{
	if (r->verdict == REACH_NO)
		message("warning: %s is out of reach: %s; %s", command, r->reason, r->advice);
}
