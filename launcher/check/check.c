/* See check.h. */
#include "check/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "check/covered.h"
#include "check/uncovered.h"
#include "print/message.h"

const char *check_verdict(enum reach_verdict verdict)
{
	return verdict == REACH_YES  ? "within reach"
	       : verdict == REACH_NO ? "out of reach"
				     : "cannot tell";
}

static void print_names(const struct covered_set *set)
{
	for (unsigned i = 0; i < COVERED_COUNT; i++)
		if (set->has[i])
			printf(" %s", covered_names[i]);
}

/* Prints only those that import a covered function. */
static void print_objects(const struct reach *r)
{
	struct covered_set all = { 0 };

	for (size_t i = 0; i < r->object_count; i++)
		covered_join(&all, &r->objects[i].imports);
	if (covered_any(&all))
		puts("covered calls that it imports:");
	for (size_t i = 0; i < r->object_count; i++) {
		const struct reach_object *o = &r->objects[i];

		if (!covered_any(&o->imports))
			continue;
		printf("  %s:", o->name);
		print_names(&o->imports);
		putchar('\n');
	}
}

/* Prints the ways to transfer data that the shim does not cover, and which objects import them. */
static void print_uncovered(const struct reach *r)
{
	unsigned all = reach_uncovered(r);

	for (unsigned way = 1; way <= all; way <<= 1) {
		if (!(all & way))
			continue;
		printf("not covered: %s, which", uncovered_name(way));
		for (size_t i = 0; i < r->object_count; i++)
			if (r->objects[i].uncovered & way)
				printf(" %s", r->objects[i].name);
		printf(" can use: %s\n", uncovered_advice(way));
	}
}

char *check_note(const struct reach_object *o)
{
	if (!o->tries_alignments)
		return NULL;
	return alloc_format(
		"%s tries out which alignments direct I/O needs, and under the shim every trial "
		"succeeds: it then works in units of 4096 bytes, and does not open an image for "
		"writing whose size is no multiple of that; it aligns its calls itself, so run it "
		"without dioshim",
		o->name);
}

static void print_notes(const struct reach *r)
{
	for (size_t i = 0; i < r->object_count; i++) {
		char *note = check_note(&r->objects[i]);

		if (note)
			printf("note: %s\n", note);
		free(note);
	}
}

static void print_text(const struct reach *r)
{
	printf("%s: %s", r->path, check_verdict(r->verdict));
	if (r->reason)
		printf(": %s", r->reason);
	putchar('\n');
	for (size_t i = 0; i < r->step_count; i++)
		printf("  %s\n", r->steps[i]);
	if (r->step_count)
		printf("  the program checked is %s\n", r->program);
	if (r->advice)
		printf("what to do: %s\n", r->advice);
	/* Out of reach, what the program imports does not matter. */
	if (r->verdict == REACH_NO)
		return;
	print_objects(r);
	print_uncovered(r);
	print_notes(r);
}

int check_command(char *const argv[], const char *library, bool json)
{
	struct reach r;
	int error = reach_look(argv, library, true, &r);
	int status = r.verdict == REACH_YES ? 0 : 1;

	if (error) {
		message("%s: %s%s%s", argv[0], r.trouble ? r.trouble : "", r.trouble ? ": " : "",
			strerror(error));
		status = error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	} else if (json) {
		check_print_json(&r);
	} else {
		print_text(&r);
	}
	reach_free(&r);
	return status;
}

bool check_before(char *const argv[], const char *library, bool warn, char **first)
{
	struct reach r;
	bool out = !reach_look(argv, library, false, &r) && r.verdict == REACH_NO;

	if (r.unchecked && warn)
		message("warning: %s was not checked: %s", argv[0], r.unchecked);
	else if (out && warn)
		message("warning: %s is out of reach: %s; %s", argv[0], r.reason, r.advice);
	*first = r.first ? alloc_string(r.first) : NULL;
	out |= r.unchecked != NULL;
	reach_free(&r);
	return out;
}
