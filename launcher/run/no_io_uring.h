/* --no-io-uring */
#ifndef DIOSHIM_NO_IO_URING_H
#define DIOSHIM_NO_IO_URING_H

#include <stdbool.h>

/*
 * Makes io_uring_setup(2) fail with ENOSYS, in this process and in all that it starts, as if the kernel had no
 * io_uring. This cannot be undone. Without CAP_SYS_ADMIN it also sets no_new_privs (prctl(2)), so that
 * executing a setuid program gives no privileges. Returns false after a message if the kernel refuses it.
 */
bool no_io_uring(void);

#endif
