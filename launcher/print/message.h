/* What the launcher says on stderr, and the exit statuses that go with it. */
#ifndef DIOSHIM_MESSAGE_H
#define DIOSHIM_MESSAGE_H

#include <stdarg.h>

/* As env(1), nice(1) and timeout(1) of coreutils have them; but bad usage has its own. */
enum {
	EXIT_USAGE = 2,
	EXIT_LAUNCHER = 125,       /* the launcher itself failed, or refused */
	EXIT_NOT_EXECUTABLE = 126, /* COMMAND is there, and cannot be executed */
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128,         /* and the signal's number */
};

/* One line on stderr, in one write: "dioshim: " and the text. */
__attribute__((format(printf, 1, 2))) void message(const char *format, ...);
__attribute__((format(printf, 1, 0))) void message_list(const char *format, va_list args);

#endif
