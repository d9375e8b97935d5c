/* See reach.h. */
#include "check/reach.h"

#include <elf.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "check/covered.h"
#include "check/elf_object.h"
#include "check/follow.h"
#include "check/ld_list.h"
#include "check/other_root.h"
#include "check/quick.h"
#include "check/reach_decide.h"
#include "load/load.h"
#include "run/multilib.h"

struct shim {
	const char *path;
	struct elf_object object;
	bool libraries; /* whether to list the libraries of the program */
};

/* These are below the shim: it does not see the calls between them. */
static bool is_c_library(const char *name)
{
	return !fnmatch("libc.so*", name, 0) || !fnmatch("ld*.so*", name, 0);
}

static void add_object(struct reach *r, const char *name, const char *path,
		       const struct elf_object *o)
{
	r->objects = alloc_room(r->objects, r->object_count, sizeof(*r->objects));
	r->objects[r->object_count++] = (struct reach_object){
		.name = alloc_string(name),
		.path = alloc_string(path),
		.imports = o->imports,
		.uncovered = o->uncovered,
		.tries_alignments = o->tries_alignments,
	};
}

/* Adds all libraries but the shim itself and the C library. Returns whether the shim is there. */
static bool add_libraries(struct reach *r, const struct ld_list *list, const char *shim)
{
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct ld_library *l = &list->libraries[i];
		struct elf_object o;

		if (!strcmp(l->path, shim)) {
			found = true;
		} else if (!is_c_library(l->name)) {
			if (elf_object_read(l->path, &o))
				elf_object_read_contents(l->path, &o);
			add_object(r, l->name, l->path, &o);
			elf_object_free(&o);
		}
	}
	return found;
}

unsigned reach_uncovered(const struct reach *r)
{
	unsigned ways = 0;

	for (size_t i = 0; i < r->object_count; i++)
		ways |= r->objects[i].uncovered;
	return ways;
}

static void decide_imports(struct reach *r)
{
	struct covered_set all = { 0 };

	for (size_t i = 0; i < r->object_count; i++)
		covered_join(&all, &r->objects[i].imports);
	if (covered_any_transfer(&all))
		r->verdict = REACH_YES;
	else
		reach_decide(r, REACH_UNKNOWN,
			     "and its libraries import no read or write that the shim covers",
			     "run it with --stats: it may use stdio, or load more libraries with "
			     "dlopen()");
}

/* As environment.c sets it. */
static char *preload_with(const char *first, const char *shim)
{
	const char *old = getenv("LD_PRELOAD");

	return alloc_format("%s%s%s%s%s", first ? first : "", first ? ":" : "", shim,
			    old && *old ? ":" : "", old ? old : "");
}

/* The list of a program without any DT_NEEDED is empty, though the shim is loaded. */
static void decide_libraries(struct reach *r, const char *shim, const char *library_path)
{
	char *preload = preload_with(r->first, shim);
	char *what = NULL;
	struct ld_list list;

	ld_list_read(r->program, preload, library_path, &list);
	if (list.failure) {
		what = alloc_format("could not be loaded: %s", list.failure);
		reach_decide(r, REACH_UNKNOWN, what, "check that it starts without dioshim");
	} else if (!add_libraries(r, &list, shim) && list.count) {
		what = alloc_format("would be loaded without the shim%s%s",
				    *list.warning ? ": " : "", list.warning);
		reach_decide(r, REACH_NO, what, "build or install dioshim again");
	} else {
		decide_imports(r);
	}
	free(what);
	free(preload);
	ld_list_free(&list);
}

/* The launcher's dynamic linker cannot list the libraries of a program of the other class. */
static void decide_own_imports(struct reach *r)
{
	if (covered_any_transfer(&r->objects[0].imports))
		r->verdict = REACH_YES;
	else
		reach_decide(r, REACH_UNKNOWN,
			     "imports no read or write itself, and its libraries cannot be listed",
			     "run it with --stats");
}

/*
 * For a program that the library does not fit: looks at the one for the other ELF class beside it, which ld.so will
 * take (multilib.h). Returns false if that does not fit either.
 */
static bool decide_other_class(struct reach *r, const struct elf_object *o, const struct shim *shim)
{
	char *path = multilib_other(shim->path);
	struct elf_object other = { 0 };
	bool fits = path && elf_object_read(path, &other) && elf_object_fits(o, &other);

	if (fits && !reach_decide_program(r, o, &other) && shim->libraries)
		decide_own_imports(r);
	elf_object_free(&other);
	free(path);
	return fits;
}

static void decide_own_class(struct reach *r, const struct elf_object *o, const struct chain *c,
			     const struct shim *shim)
{
	if (!reach_decide_program(r, o, &shim->object) && shim->libraries)
		decide_libraries(r, shim->path, c->library_path);
}

/* Returns 0, or the errno with which execve() would fail after reading the ELF file. */
static int look_inside(struct reach *r, const struct chain *c, const struct shim *shim)
{
	struct elf_object o;
	int error = 0;

	if (!elf_object_read(r->program, &o) || (o.type != ET_EXEC && o.type != ET_DYN)) {
		reach_decide(r, REACH_UNKNOWN, "is a broken ELF file, or not a program",
			     "look at it with file(1)");
	} else if (o.interpreter && access(o.interpreter, F_OK)) {
		error = errno;
		r->trouble = alloc_string(o.interpreter);
	} else {
		if (shim->libraries)
			elf_object_read_contents(r->program, &o);
		add_object(r, base_name(r->program), r->program, &o);
		r->first = o.first ? alloc_string(o.first) : NULL;
		r->verdict = REACH_UNKNOWN;
		if (elf_object_fits(&o, &shim->object) || !decide_other_class(r, &o, shim))
			decide_own_class(r, &o, c, shim);
	}
	elf_object_free(&o);
	return error;
}

static void decide_other_root(struct reach *r, const char *root, const char *library)
{
	char *what = alloc_format("starts its command in %s, where there is no %s", root, library);

	reach_decide(r, REACH_NO, what, "copy the library to that path below the directory");
	free(what);
}

static int look(struct reach *r, const struct chain *c, const struct shim *shim)
{
	if (c->kind == SCRIPT_UNREADABLE)
		reach_decide(r, REACH_UNKNOWN, "cannot be read",
			     "run --check as a user who can read it");
	else if (c->kind != SCRIPT_ELF)
		reach_decide(r, REACH_UNKNOWN, "is neither an ELF file nor a script",
			     "look at it with file(1)");
	else if (c->root && !other_root_has(c->root, shim->path))
		decide_other_root(r, c->root, shim->path);
	else if (c->unknown)
		reach_decide(r, REACH_UNKNOWN, c->unknown, c->advice);
	else if (c->lost) {
		r->verdict = REACH_NO;
		r->reason = alloc_string(c->lost);
		r->advice = c->advice;
	} else {
		return look_inside(r, c, shim);
	}
	return 0;
}

static int look_with(struct reach *r, const struct chain *c, struct shim *shim)
{
	int error = 0;

	if (elf_object_read(shim->path, &shim->object))
		error = look(r, c, shim);
	else
		reach_decide(r, REACH_UNKNOWN, "was not checked: libdioshim.so cannot be read",
			     "build or install dioshim again");
	elf_object_free(&shim->object);
	return error;
}

/* Without its libraries there is nothing to say of an ordinary program, nor of one that is not known. */
static bool needs_no_look(const struct chain *c, const char *library)
{
	return c->kind == SCRIPT_ELF && !c->lost && !c->root &&
	       (c->unknown || quick_is_ordinary(c->program, library));
}

/* For the start of a command, which is more important than what there is to say of it. */
static int look_before(struct reach *r, const struct chain *c, struct shim *shim)
{
	const char *why;

	r->verdict = REACH_UNKNOWN;
	if (needs_no_look(c, shim->path))
		return 0;
	why = load_elf();
	if (!why)
		return look_with(r, c, shim);
	r->unchecked = alloc_string(why);
	return 0;
}

int reach_look(char *const argv[], const char *library, bool libraries, struct reach *r)
{
	struct shim shim = { .path = library, .libraries = libraries };
	struct chain c;
	int error = follow_command(argv, &c);

	*r = (struct reach){ .trouble = c.trouble, .steps = c.steps, .step_count = c.step_count };
	c.trouble = NULL;
	c.steps = NULL;
	c.step_count = 0;
	if (!error) {
		r->path = alloc_string(c.first);
		r->program = alloc_string(c.program);
		error = libraries ? look_with(r, &c, &shim) : look_before(r, &c, &shim);
	}
	chain_free(&c);
	return error;
}

void reach_free(struct reach *r)
{
	for (size_t i = 0; i < r->step_count; i++)
		free(r->steps[i]);
	for (size_t i = 0; i < r->object_count; i++) {
		free(r->objects[i].name);
		free(r->objects[i].path);
	}
	free(r->steps);
	free(r->objects);
	free(r->path);
	free(r->program);
	free(r->reason);
	free(r->first);
	free(r->unchecked);
	free(r->trouble);
	*r = (struct reach){ 0 };
}
