/* Tells whether a file starts in secure-execution mode (AT_SECURE): ld.so ignores LD_PRELOAD. */
#ifndef DIOSHIM_PRIVILEGE_H
#define DIOSHIM_PRIVILEGE_H

/* Returns the reason, a clause without its subject ("is setuid"); NULL: it does not. */
const char *privilege_gained(const char *path);

#endif
