/* A program and its libraries. See elf_closure.h. */
#include "check/elf_closure.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "check/elf_search.h"
#include "check/chain.h"

/* More than any program has; the files of a hostile one may name as many as they like. */
enum { MEMBERS_MOST = 2048 };

static struct elf_member *add(struct elf_closure *c, const char *name, char *path, size_t loader)
{
	struct elf_member *m;

	c->members = alloc_room(c->members, c->count, sizeof(*c->members));
	m = &c->members[c->count++];
	*m = (struct elf_member){ .name = alloc_string(name), .path = path, .loader = loader };
	return m;
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* By the name it was asked for, or by its own. */
static bool is_loaded(const struct elf_closure *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (same(c->members[i].object.soname, name) ||
		    (i && same(c->members[i].name, name)))
			return true;
	return false;
}

static bool has_file(const struct elf_closure *c, const struct elf_object *o)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->members[i].path && c->members[i].object.inode == o->inode &&
		    c->members[i].object.device == o->device)
			return true;
	return false;
}

static void load(struct elf_closure *c, const struct elf_search *s, const char *name, size_t loader)
{
	struct elf_object object = { 0 };
	char *path;

	if (c->count == MEMBERS_MOST || is_loaded(c, name))
		return;
	path = elf_search(s, name, loader, &object);
	if (path && has_file(c, &object)) {
		elf_object_free(&object);
		free(path);
		return;
	}
	add(c, name, path, loader)->object = object;
}

/* Breadth first, as the dynamic linker loads them. */
void elf_closure_read(struct elf_closure *c, const char *path, struct elf_object *object,
		      const char *library_path)
{
	struct elf_search s = { .closure = c, .library_path = library_path };

	*c = (struct elf_closure){ 0 };
	add(c, base_name(path), alloc_string(path), 0)->object = *object;
	*object = (struct elf_object){ 0 };
	ld_cache_read(&s.cache);
	for (size_t i = 0; i < c->count; i++)
		for (size_t n = 0; n < c->members[i].object.needed_count; n++)
			load(c, &s, c->members[i].object.needed[n], i);
	ld_cache_free(&s.cache);
}

void elf_closure_free(struct elf_closure *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->members[i].name);
		free(c->members[i].path);
		elf_object_free(&c->members[i].object);
	}
	free(c->members);
	*c = (struct elf_closure){ 0 };
}
