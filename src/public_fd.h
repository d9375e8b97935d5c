/*
 * What becomes of a descriptor number when it is given out, duplicated or ended. The public functions of
 * public_open.c and public_fd.c are these with a next definition, those of public_syscall.c with
 * syscall(2).
 */
#ifndef DIOSHIM_PUBLIC_FD_H
#define DIOSHIM_PUBLIC_FD_H

#include "real.h"

/* The number was given out by an open with these flags (O_DIRECT counts). Returns `fd`, also if it is -1. */
int fd_opened(int fd, int flags);

/* The same where the flags are not known: openat2(2) has them in memory, which may have changed. */
int fd_opened_unseen(int fd);

/* Each makes the call `next` and returns its answer, with its errno. */
int fd_control(call_fcntl *next, int fd, int cmd, void *arg);
int fd_duplicate(call_dup *next, int fd);
int fd_duplicate_onto(call_dup3 *next, int from, int to, int flags);
int fd_close(call_close *next, int fd);
int fd_close_range(call_close_range *next, unsigned first, unsigned last, int flags);

#endif
