/*
 * The system calls that the shim may add: for the filters of seccomp.c, and for seccomp.bats, which compares the lists
 * with the sources of the shim.
 */
#ifndef DIOSHIM_TEST_SECCOMP_LISTS_H
#define DIOSHIM_TEST_SECCOMP_LISTS_H

#include <sys/syscall.h>

/*
 * The system calls that the shim adds, on an O_DIRECT descriptor when the kernel would refuse, or
 * has refused, a misaligned call. A sandbox must allow these and what the program itself needs.
 * (clock_gettime is a system call only on a machine without a vDSO.)
 */
static const int helpers[] = {
	SYS_fcntl,	   SYS_statx,		SYS_newfstatat,	    SYS_fstatfs,
	SYS_ioctl,	   SYS_lseek,		SYS_rt_sigprocmask, SYS_prlimit64,
	SYS_mmap,	   SYS_munmap,		SYS_madvise,	    SYS_process_vm_readv,
	SYS_getpid,	   SYS_gettid,		SYS_clock_gettime,  SYS_futex,
	SYS_sched_yield,   SYS_sync_file_range, SYS_fdatasync,	    SYS_fadvise64,
	SYS_splice,	   SYS_vmsplice,	SYS_sendto,	    SYS_getsockopt,
	SYS_rt_sigpending,
};

/* Only when the library is loaded (stdio_table.c). No filter of the program's is there yet. */
static const int at_load[] __attribute__((unused)) = { SYS_mprotect };

/* Only if DIOSHIM_STATS or DIOSHIM_TRACE is set, on any descriptor. */
static const int recorders[] = { SYS_readlinkat };

/* Also for these two variables, but only when the library is loaded. */
static const int at_start[] __attribute__((unused)) = {
	SYS_openat,
	SYS_fallocate,
	SYS_ftruncate,
	SYS_close,
};

/* Only for io_submit(2). */
static const int asynchronous[] __attribute__((unused)) = {
	SYS_io_submit, SYS_openat,   SYS_close,	       SYS_fallocate,
	SYS_eventfd2,  SYS_io_setup, SYS_io_getevents,
};

/* The program's own call, retried in pieces, at an offset, or with flags. */
static const int transfers[] = {
	SYS_read,  SYS_pread64,	 SYS_readv,  SYS_preadv,  SYS_preadv2,
	SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_pwritev2,
};

#endif
