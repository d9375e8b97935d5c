/* Names of error numbers. */
#ifndef DIOSHIM_LAUNCHER_ERRNO_NAMES_H
#define DIOSHIM_LAUNCHER_ERRNO_NAMES_H

/* Room for a name that errno_name() makes. */
enum { ERRNO_NAME = 32 };

/* "EINVAL"; "errno N" for a number without a name. */
const char *errno_name(int number, char text[ERRNO_NAME]);

/* "Invalid argument", in English whatever the locale is. */
const char *errno_text(int number);

#endif
