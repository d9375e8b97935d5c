/*
 * See library.h. The launcher's own place decides before the configured one, so that a build tree
 * tests what it has built, and a copy of an installed tree works where it was not installed.
 */
#include "run/library.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "print/message.h"

#define LIBRARY "libdioshim.so"

enum { PLACES_MAX = 4 };

/* Where to look, in order. */
struct places {
	char path[PLACES_MAX][PATH_MAX + 32];
	int count;
};

/* The directory that the launcher's binary is in, symbolic links followed; false without /proc. */
static bool own_directory(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (length <= 0)
		return false;
	path[length] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	*slash = 0;
	return true;
}

static void add(struct places *p, const char *directory, const char *rest)
{
	snprintf(p->path[p->count++], sizeof(*p->path), "%s%s/" LIBRARY, directory, rest);
}

static void list_places(struct places *p)
{
	char own[PATH_MAX];
	bool known = own_directory(own, sizeof(own));

	p->count = 0;
	if (known) {
		char *last = strrchr(own, '/');

		add(p, own, "/.libs");
		/* libtool puts a binary there if it has to wrap it. */
		if (last && !strcmp(last, "/.libs"))
			add(p, own, "");
		if (last)
			*last = 0;
		add(p, own, "/lib");
	}
	add(p, LIBDIR, "");
}

static void say_where(const struct places *p)
{
	char *text = alloc_string("");

	for (int i = 0; i < p->count; i++) {
		char *longer = alloc_format("%s%s%s", text, i ? ", " : "", p->path[i]);

		free(text);
		text = longer;
	}
	message("the library is not there; looked for %s", text);
	free(text);
}

/* ld.so splits LD_PRELOAD at spaces and colons, replaces what begins with $, and has no quoting. */
static bool can_be_named(const char *path)
{
	if (!path[strcspn(path, " :$")])
		return true;
	message("%s cannot be preloaded: LD_PRELOAD takes no path with a space, a colon or a $ in it",
		path);
	return false;
}

char *library_find(void)
{
	struct places p;

	list_places(&p);
	for (int i = 0; i < p.count; i++) {
		if (!access(p.path[i], R_OK))
			return can_be_named(p.path[i]) ? alloc_string(p.path[i]) : NULL;
	}
	say_where(&p);
	return NULL;
}
