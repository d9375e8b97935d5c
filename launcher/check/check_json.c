/*
 * The verdict of --check as one JSON document, always with these keys:
 *
 *   verdict        "within reach", "out of reach" or "cannot tell"
 *   reason         why, a clause; null: within reach
 *   advice         what to do, a clause; null: within reach
 *   path           where COMMAND was found
 *   path_escaped   true: the path is not UTF-8, and is escaped as by ls -b
 *   steps          a list of sentences: how COMMAND leads to `program`, through scripts and env
 *   program        the file that was checked, the last one in the chain:
 *     path, path_escaped
 *     imports        a list: the functions that it imports and the shim covers
 *     uncovered      a list: the ways to transfer data that it can use and the shim does not cover
 *   libraries      a list: the libraries that it loads, except the C library and the shim; empty
 *                  if the verdict did not depend on them
 *     name           as the program or library that needs it has it
 *     path, path_escaped, imports, uncovered
 *   notes          a list of sentences: what else there is to say of the program and its libraries
 */
#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "check/covered.h"
#include "check/uncovered.h"
#include "print/json.h"
#include "print/text.h"

/* Returns null for NULL. Names of files in the text may not be UTF-8; it is escaped then. */
static json_t *text_value(const char *text)
{
	json_t *value;
	char *escaped;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	escaped = alloc_zeroed(4, strlen(text) + 1);
	text_escape(text, strlen(text), "", escaped);
	value = json_string(escaped);
	free(escaped);
	return value ? value : json_string("?");
}

static json_t *import_list(const struct covered_set *set)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < COVERED_COUNT; i++)
		if (set->has[i])
			json_array_append_new(list, json_string(covered_names[i]));
	return list;
}

static json_t *uncovered_list(unsigned ways)
{
	json_t *list = json_array();

	for (unsigned way = 1; way <= ways; way <<= 1)
		if (ways & way)
			json_array_append_new(list, json_string(uncovered_name(way)));
	return list;
}

static void set_imports(json_t *object, const struct reach_object *o)
{
	json_set_member(object, "imports", import_list(&o->imports));
	json_set_member(object, "uncovered", uncovered_list(o->uncovered));
}

static json_t *program_object(const struct reach *r)
{
	const struct reach_object unread = { 0 };
	json_t *object = json_object();

	json_set_path(object, r->program);
	set_imports(object, r->object_count ? &r->objects[0] : &unread);
	return object;
}

static json_t *library_list(const struct reach *r)
{
	json_t *list = json_array();

	for (size_t i = 1; i < r->object_count; i++) {
		json_t *object = json_object();

		json_set_member(object, "name", text_value(r->objects[i].name));
		json_set_path(object, r->objects[i].path);
		set_imports(object, &r->objects[i]);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *note_list(const struct reach *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->object_count; i++) {
		char *note = check_note(&r->objects[i]);

		if (note)
			json_array_append_new(list, text_value(note));
		free(note);
	}
	return list;
}

void check_print_json(const struct reach *r)
{
	json_t *document = json_object();
	json_t *steps = json_array();

	for (size_t i = 0; i < r->step_count; i++)
		json_array_append_new(steps, text_value(r->steps[i]));
	json_set_member(document, "verdict", json_string(check_verdict(r->verdict)));
	json_set_member(document, "reason", text_value(r->reason));
	json_set_member(document, "advice", text_value(r->advice));
	json_set_path(document, r->path);
	json_set_member(document, "steps", steps);
	json_set_member(document, "program", program_object(r));
	json_set_member(document, "libraries", library_list(r));
	json_set_member(document, "notes", note_list(r));
	json_dumpf(document, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(document);
}
