/* The dynamic linker's search. See elf_search.h. */
#include "check/elf_search.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Is it there, and of the kind that the program is? ld.so goes on to the next directory if not. */
static bool suits(const struct elf_search *s, const char *path, struct elf_object *o)
{
	if (!elf_object_read(path, o))
		return false;
	if (elf_object_fits(o, &s->closure->members[0].object))
		return true;
	elf_object_free(o);
	return false;
}

/* $ORIGIN: of the program, where it really is; of a library, where it was found. */
static char *origin(const struct elf_search *s, size_t member)
{
	const char *path = s->closure->members[member].path;
	char *real = member ? NULL : realpath(path, NULL);
	char *directory = alloc_string(real ? real : path);
	char *slash = strrchr(directory, '/');

	free(real);
	if (!slash) {
		free(directory);
		return alloc_string(".");
	}
	*slash = '\0';
	return directory;
}

/* A copy of `text` with $ORIGIN filled in. $LIB and $PLATFORM are not: hardly any file has them. */
static char *expand(const struct elf_search *s, const char *text, size_t length, size_t member)
{
	static const char *const names[] = { "$ORIGIN", "${ORIGIN}" };
	char *copy = alloc_part(text, length);

	for (size_t i = 0; i < 2; i++) {
		char *at = strstr(copy, names[i]);
		char *directory;
		char *expanded;

		if (!at)
			continue;
		directory = origin(s, member);
		expanded = alloc_format("%.*s%s%s", (int)(at - copy), copy, directory,
					at + strlen(names[i]));
		free(directory);
		free(copy);
		return expanded;
	}
	return copy;
}

/* Look for `name` in the directories of a list. An empty one is the working directory. */
static char *in_list(const struct elf_search *s, const char *list, const char *separators,
		     const char *name, size_t member, struct elf_object *o)
{
	for (const char *dir = list; dir; dir++) {
		size_t length = strcspn(dir, separators);
		char *directory = expand(s, dir, length, member);
		char *path = alloc_format("%s/%s", *directory ? directory : ".", name);

		free(directory);
		if (suits(s, path, o))
			return path;
		free(path);
		dir += length;
		if (!*dir)
			break;
	}
	return NULL;
}

/* DT_RPATH of the loader, of its loader and so on; a DT_RUNPATH of the first makes them void. */
static char *in_rpaths(const struct elf_search *s, const char *name, size_t loader,
		       struct elf_object *o)
{
	const struct elf_member *members = s->closure->members;
	char *path = NULL;

	if (members[loader].object.runpath)
		return NULL;
	for (size_t i = loader;; i = members[i].loader) {
		const struct elf_object *object = &members[i].object;

		if (object->rpath && !object->runpath)
			path = in_list(s, object->rpath, ":", name, i, o);
		if (path || !i)
			return path;
	}
}

static char *in_cache(const struct elf_search *s, const char *name, struct elf_object *o)
{
	size_t at = 0;

	for (const char *path; (path = ld_cache_find(&s->cache, name, &at));)
		if (suits(s, path, o))
			return alloc_string(path);
	return NULL;
}

/* What was put there since ldconfig ran; or everything, where nobody runs it. */
static char *in_system_directories(const struct elf_search *s, const char *name,
				   struct elf_object *o)
{
	glob_t found = { 0 };
	char *path = in_list(s, "/lib64:/usr/lib64:/lib:/usr/lib", ":", name, 0, o);

	if (path)
		return path;
	glob("/{,usr/}lib/*-linux-gnu*", GLOB_NOSORT | GLOB_BRACE, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && !path; i++)
		path = in_list(s, found.gl_pathv[i], "", name, 0, o);
	globfree(&found);
	return path;
}

static char *by_name(const struct elf_search *s, const char *name, size_t loader,
		     struct elf_object *o)
{
	const char *runpath = s->closure->members[loader].object.runpath;
	char *path = in_rpaths(s, name, loader, o);

	if (!path && s->library_path && *s->library_path)
		path = in_list(s, s->library_path, ":;", name, 0, o);
	if (!path && runpath)
		path = in_list(s, runpath, ":", name, loader, o);
	if (!path)
		path = in_cache(s, name, o);
	return path ? path : in_system_directories(s, name, o);
}

char *elf_search(const struct elf_search *s, const char *name, size_t loader, struct elf_object *o)
{
	char *path;

	if (!strchr(name, '/'))
		return by_name(s, name, loader, o);
	path = expand(s, name, strlen(name), loader);
	if (suits(s, path, o))
		return path;
	free(path);
	return NULL;
}
