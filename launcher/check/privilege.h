/* Is a file started in secure-execution mode (AT_SECURE)? ld.so ignores LD_PRELOAD then. */
#ifndef DIOSHIM_PRIVILEGE_H
#define DIOSHIM_PRIVILEGE_H

/* A clause that says why: "it is setuid"; NULL if not. */
const char *privilege_gained(const char *path);

#endif
