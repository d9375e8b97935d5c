/* See load.h. */
#include "load/load.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "print/message.h"

const char *load_library(const char *library)
{
	return dlopen(library, RTLD_NOW | RTLD_LOCAL) ? NULL : dlerror();
}

void *load_function(const char *library, const char *function)
{
	/* A library that is loaded already is found again. */
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	void *found = handle ? dlsym(handle, function) : NULL;

	if (found)
		return found;
	message("%s", dlerror());
	exit(EXIT_LAUNCHER);
}
