/*
 * See no_io_uring.h.
 *
 * liburing makes its system calls inline, so no preload library sees them. A seccomp filter does, also in static
 * programs. io_uring_register(2) and io_uring_enter(2) need no rule: without a ring they have nothing to work on,
 * and a ring that COMMAND inherits is the business of the process that set it up.
 */
#include "run/no_io_uring.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "print/message.h"

/* Older headers lack it. It is the same on all architectures but alpha and mips, and in their 32-bit modes. */
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

/* x32 programs of x86-64 set this bit in all numbers (__X32_SYSCALL_BIT). */
enum { X32_BIT = 0x40000000 };

static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __x86_64__
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(unsigned)X32_BIT),
#endif
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static bool install(void)
{
	const struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

bool no_io_uring(void)
{
	if (install())
		return true;
	/* seccomp(2): EACCES without CAP_SYS_ADMIN and no_new_privs. */
	if (errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && install())
		return true;
	message("--no-io-uring: the kernel does not accept a seccomp filter: %s", strerror(errno));
	return false;
}
