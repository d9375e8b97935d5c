/*
 * Formatted text, for dprintf(3): in memory of its own, without malloc. Formatting itself may use malloc, as
 * it does in the C library.
 */
#ifndef DIOSHIM_TEXT_H
#define DIOSHIM_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#include "sigmask.h"

enum {
	TEXT_NEAR = 2048, /* bytes that fit without a mapping, with the NUL */
};

struct text {
	char *at;
	ssize_t length; /* without the NUL; negative: it could not be formatted, errno says why */
	size_t mapped;	/* 0: at `near` */
	struct sigmask signals;
	char near[TEXT_NEAR];
};

/*
 * While a text has a mapping, signals are blocked and cancellation is disabled: nothing jumps out before it is
 * released.
 *
 * `flag`: of the FORTIFY functions, such as __dprintf_chk(); 0 for the others. Every text is to be released,
 * also one that could not be formatted.
 */
void text_format(struct text *t, int flag, const char *format, va_list ap);
void text_release(const struct text *t);

#endif
