/*
 * What differs between machines, and between the headers of C libraries, in how a system call is asked for.
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

/* PowerPC and ARM have the flags in front, so that no 64-bit argument needs a gap (sync_file_range(2)). */
#ifdef SYS_sync_file_range2
#define SYS_sync_file_range SYS_sync_file_range2
#define SYNC_FILE_RANGE_ARGUMENTS(fd, start, len, flags) fd, flags, start, len
#else
#define SYNC_FILE_RANGE_ARGUMENTS(fd, start, len, flags) fd, start, len, flags
#endif

#endif
