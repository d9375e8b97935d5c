/* Names of error numbers. */
#ifndef DIOSHIM_LAUNCHER_ERRNO_NAMES_H
#define DIOSHIM_LAUNCHER_ERRNO_NAMES_H

/* Room for the text that errno_name() writes if there is no name. */
enum { ERRNO_NAME = 32 };

/* Returns a name such as "EINVAL", or "errno N" for a number without a name. */
const char *errno_name(int number, char text[ERRNO_NAME]);

/* Returns the description, such as "Invalid argument", in English whatever the locale is. */
const char *errno_text(int number);

#endif
