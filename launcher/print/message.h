/* Messages of the launcher on stderr, and its exit statuses. */
#ifndef DIOSHIM_MESSAGE_H
#define DIOSHIM_MESSAGE_H

#include <stdarg.h>

/* Those of coreutils' env(1), nice(1) and timeout(1), but invalid usage has a status of its own. */
enum {
	EXIT_USAGE = 2,
	EXIT_LAUNCHER = 125,	   /* the launcher itself failed, or --strict applied */
	EXIT_NOT_EXECUTABLE = 126, /* COMMAND exists but cannot be executed */
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128, /* plus the signal's number */
};

/* Prints one line on stderr, in one write: "dioshim: " and the text. */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);
__attribute__((format(printf, 1, 0))) void message_list(const char *format, va_list args);

#endif
