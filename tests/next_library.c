/*
 * Preloaded; compares next_find() with dlsym(RTLD_NEXT) for the names in the file $NEXT_NAMES, one to a line, and
 * prints how many were the same, or which was not.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "next.h"

enum { NAMES = 8192, LENGTH = 128 };

static char text[NAMES][LENGTH];
static struct next_name names[NAMES];

static int read_names(FILE *from)
{
	int count = 0;

	while (count < NAMES && fgets(text[count], LENGTH, from)) {
		text[count][strcspn(text[count], "\n")] = 0;
		names[count].name = text[count];
		count++;
	}
	return count;
}

static void compare(int count)
{
	int defined = 0, others = 0;

	next_find(names, count);
	for (int i = 0; i < count; i++) {
		void *expected = dlsym(RTLD_NEXT, names[i].name);

		defined += expected != NULL;
		if (names[i].at == expected)
			continue;
		others++;
		printf("%s: %p, but dlsym says %p\n", names[i].name, names[i].at, expected);
	}
	printf("%d names, %d defined, %d found elsewhere\n", count, defined, others);
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("NEXT_NAMES");
	FILE *from = path ? fopen(path, "r") : NULL;

	if (!from)
		return;
	compare(read_names(from));
	fclose(from);
	fflush(stdout);
}
