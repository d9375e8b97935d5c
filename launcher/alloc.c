/* Allocation that exits on failure. See alloc.h. */
#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print/message.h"

static void *allocated(void *memory)
{
	if (memory)
		return memory;
	message("out of memory");
	exit(EXIT_LAUNCHER);
}

void *alloc_zeroed(size_t count, size_t size)
{
	return allocated(calloc(count, size));
}

char *alloc_string(const char *text)
{
	return allocated(strdup(text));
}

char *alloc_part(const char *text, size_t length)
{
	return allocated(strndup(text, length));
}

char *alloc_format(const char *format, ...)
{
	va_list ap;
	char *text = NULL;
	int length;

	va_start(ap, format);
	length = vasprintf(&text, format, ap);
	va_end(ap);
	return allocated(length < 0 ? NULL : text);
}

void *alloc_room(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return allocated(reallocarray(array, count ? count * 2 : 1, size));
}
