/*
 * Libraries of both ELF classes beside each other: /usr/lib64 and /usr/lib, or Debian's /usr/lib/x86_64-linux-gnu and
 * /usr/lib/i386-linux-gnu. In LD_PRELOAD, ld.so of each class replaces $LIB by its own.
 */
#ifndef DIOSHIM_MULTILIB_H
#define DIOSHIM_MULTILIB_H

#include <stdbool.h>

/* Returns whether the file is for the machine, class and byte order that the launcher itself is for. */
bool multilib_fits(const char *library);

/* Returns what $LIB stands for here, as in lib64, to be freed; NULL: not known. */
char *multilib_directory(void);

/* Returns the path of the same library for the other ELF class, to be freed; NULL: there is none. */
char *multilib_other(const char *library);

/* Returns the name of the library for LD_PRELOAD, to be freed: with $LIB in it if there is one for the other class. */
char *multilib_name(const char *library);

#endif
