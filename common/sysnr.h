/*
 * The numbers of system calls that the headers of older C libraries lack. What differs between machines: sys64.h.
 */
#ifndef DIOSHIM_SYSNR_H
#define DIOSHIM_SYSNR_H

#include <sys/syscall.h>

/* Later than the headers of glibc 2.31. From 424 on the numbers are the same on every machine. */
#ifndef SYS_close_range
#define SYS_close_range 436 /* Linux 5.9 */
#endif
#ifndef SYS_openat2
#define SYS_openat2 437 /* Linux 5.6 */
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438 /* Linux 5.6 */
#endif

#endif
