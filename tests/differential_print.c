/* dprintf and its kin, which write what they format. */
#include "differential.h"

#include <dlfcn.h>
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list ap);
#else
#define __dprintf_chk(fd, flag, ...) dprintf(fd, __VA_ARGS__)
#define __vdprintf_chk(fd, flag, ...) vdprintf(fd, __VA_ARGS__)
#endif

/* musl takes this for its own name. */

void *own_function(const char *name)
{
	static void *library;
	void *function;

	if (!library)
		library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	function = library ? dlsym(library, name) : NULL;
	if (!function)
		errx(2, "the C library has no %s", name);
	return function;
}

/* The text of both sides: "%s" ends at a NUL. */
void make_text(const struct call *c, const struct scene *s)
{
	for (enum which which = 0; which < SIDES; which++) {
		unsigned char *text = s->side[which].arena + c->pieces[0].at;

		for (size_t i = 0; i < c->pieces[0].len; i++)
			text[i] = text[i] ? text[i] : 'x';
	}
}

static int by_list(unsigned door, int fd, const char *format, ...)
{
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = door % 2 ? vdprintf(fd, format, ap) : __vdprintf_chk(fd, 1, format, ap);
	va_end(ap);
	return ret;
}

long make_print(const struct call *c, int fd, const char *text, enum which which)
{
	typedef int function(int fd, const char *format, ...);
	int len = (int)c->pieces[0].len;

	if (which == ORDINARY)
		return ((function *)own_function("dprintf"))(fd, "%.*s", len, text);
	switch (c->door % 3) {
	case 0:
		return dprintf(fd, "%.*s", len, text);
	case 1:
		return __dprintf_chk(fd, 1, "%.*s", len, text);
	default:
		return by_list(c->door / 3, fd, "%.*s", len, text);
	}
}
