/* See multilib.h. */
#include "run/multilib.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

/* The linker puts it at the start of the launcher's own file, as that is mapped. */
extern const ElfW(Ehdr) own_header __asm__("__ehdr_start") __attribute__((visibility("hidden")));

/* The first 20 bytes are the same in both classes: e_ident, e_type, e_machine. */
struct head {
	unsigned char ident[EI_NIDENT];
	uint16_t type;
	uint16_t machine;
};

static bool read_head(const char *path, struct head *h)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool done = fd >= 0 && pread(fd, h, sizeof(*h), 0) == sizeof(*h) &&
		    !memcmp(h->ident, ELFMAG, SELFMAG);

	if (fd >= 0)
		close(fd);
	return done;
}

bool multilib_fits(const char *library)
{
	struct head h;

	return read_head(library, &h) && !memcmp(h.ident, own_header.e_ident, EI_VERSION) &&
	       h.machine == own_header.e_machine;
}

static bool is_of_other_class(const char *library)
{
	struct head h;

	return read_head(library, &h) && h.ident[EI_CLASS] != own_header.e_ident[EI_CLASS];
}

/*
 * $LIB is the directory of the C library, below / or /usr (DL_DST_LIB, elf/Makefile). RTLD_NEXT: where the launcher is not
 * position-independent, the address of one of its functions may be one in the launcher itself.
 */
char *multilib_directory(void)
{
	const void *function = dlsym(RTLD_NEXT, "fputs");
	Dl_info libc;
	const char *path;
	const char *slash;

	if (!function || !dladdr(function, &libc) || !libc.dli_fname)
		return NULL;
	path = libc.dli_fname;
	path += strncmp(path, "/usr/", 5) ? 1 : 5;
	slash = strrchr(path, '/');
	return slash && !strncmp(path, "lib", 3) ? alloc_part(path, (size_t)(slash - path)) : NULL;
}

/* Returns the part of `library` before "/DIRECTORY/NAME", to be freed; NULL: it is somewhere else. */
static char *before(const char *library, const char *directory)
{
	const char *name = strrchr(library, '/');
	size_t length = strlen(directory);

	if (!name || (size_t)(name - library) <= length ||
	    memcmp(name - length, directory, length) != 0 || name[-(ptrdiff_t)length - 1] != '/')
		return NULL;
	return alloc_part(library, (size_t)(name - library) - length - 1);
}

/* Returns the library in the directory that belongs to `own`, if that is one of this pair. */
static char *other_of_pair(const char *const pair[2], const char *own, const char *start,
			   const char *name)
{
	for (int i = 0; i < 2; i++) {
		char *path;

		if (strcmp(pair[i], own) != 0)
			continue;
		path = alloc_format("%s/%s%s", start, pair[1 - i], name);
		if (is_of_other_class(path))
			return path;
		free(path);
	}
	return NULL;
}

static char *other(const char *library, const char *own, const char *start)
{
	/* Fedora and SUSE; Arch; Debian */
	static const char *const pairs[][2] = {
		{ "lib64", "lib" },
		{ "lib", "lib32" },
		{ "lib/x86_64-linux-gnu", "lib/i386-linux-gnu" },
		{ "lib/aarch64-linux-gnu", "lib/arm-linux-gnueabihf" },
	};
	char *found = NULL;

	for (size_t i = 0; !found && i < sizeof(pairs) / sizeof(*pairs); i++)
		found = other_of_pair(pairs[i], own, start, strrchr(library, '/'));
	return found;
}

/* Returns the library for the other class. `*start` becomes what is before $LIB in the path of both, to be freed. */
static char *find_other(const char *library, char **start)
{
	char *own = multilib_directory();
	char *found;

	*start = own ? before(library, own) : NULL;
	found = *start ? other(library, own, *start) : NULL;
	free(own);
	return found;
}

char *multilib_other(const char *library)
{
	char *start;
	char *found = find_other(library, &start);

	free(start);
	return found;
}

char *multilib_name(const char *library)
{
	char *start;
	char *found = find_other(library, &start);
	char *name = found ? alloc_format("%s/$LIB%s", start, strrchr(library, '/'))
			   : alloc_string(library);

	free(start);
	free(found);
	return name;
}
