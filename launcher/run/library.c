/*
 * See library.h. The order of the search, relative to the directory of the launcher's binary:
 *
 *   1. .libs         a build tree
 *   2. .             only if the binary itself is in a directory called .libs
 *   3. ../lib        an installed tree
 *   4. ../$LIB       one with a directory for each ELF class: lib64, lib/x86_64-linux-gnu
 *   5. LIBDIR        the configured library directory
 *
 * A library for another machine or ELF class is passed over. So a build tree uses the library that it has built, and an
 * installed tree still works after it was moved or copied. Without /proc the binary's directory is unknown, and only
 * LIBDIR is tried.
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
#include "run/multilib.h"

#define LIBRARY "libdioshim.so"

enum { PLACES_MAX = 5 };

/* The paths to try, in order. */
struct places {
	char path[PLACES_MAX][PATH_MAX + 32];
	int count;
};

/*
 * Finds the directory of the launcher's binary, with symbolic links resolved. False without /proc.
 */
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

static void places_add(struct places *p, const char *directory, const char *rest)
{
	snprintf(p->path[p->count++], sizeof(*p->path), "%s%s/" LIBRARY, directory, rest);
}

static void list_places(struct places *p)
{
	char own[PATH_MAX];
	bool known = own_directory(own, sizeof(own));
	char *class = multilib_directory();
	char *rest = class ? alloc_format("/%s", class) : NULL;

	p->count = 0;
	if (known) {
		char *last = strrchr(own, '/');

		places_add(p, own, "/.libs");
		/* libtool puts a binary into .libs if it needs a wrapper script. */
		if (last && !strcmp(last, "/.libs"))
			places_add(p, own, "");
		if (last)
			*last = 0;
		places_add(p, own, "/lib");
		if (rest && strcmp(rest, "/lib") != 0)
			places_add(p, own, rest);
	}
	places_add(p, LIBDIR, "");
	free(rest);
	free(class);
}

static void report_missing(const struct places *p)
{
	char *text = alloc_string("");

	for (int i = 0; i < p->count; i++) {
		const char *path = p->path[i];
		char *longer = alloc_format("%s%s%.*s", text, i ? ", " : "",
					    (int)(strlen(path) - strlen("/" LIBRARY)), path);

		free(text);
		text = longer;
	}
	message(LIBRARY " not found; looked in %s", text);
	free(text);
}

/* ld.so splits LD_PRELOAD at spaces and colons, expands $ tokens, and has no quoting. */
static bool can_be_named(const char *path)
{
	if (!path[strcspn(path, " :$")])
		return true;
	message("%s cannot be preloaded: LD_PRELOAD takes no path with a space, a colon or a $ "
		"in it",
		path);
	return false;
}

char *library_find(void)
{
	struct places p;

	list_places(&p);
	for (int i = 0; i < p.count; i++) {
		if (multilib_fits(p.path[i]))
			return can_be_named(p.path[i]) ? alloc_string(p.path[i]) : NULL;
	}
	report_missing(&p);
	return NULL;
}
