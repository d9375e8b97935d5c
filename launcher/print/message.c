/* See message.h. */
#include "print/message.h"

#include <stdio.h>
#include <stdlib.h>

void message_list(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		return;
	fprintf(stderr, "dioshim: %s\n", text);
	free(text);
}

void message(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_list(format, args);
	va_end(args);
}
