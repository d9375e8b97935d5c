/*
 * System calls past the C library: a negative errno instead of -1, errno untouched, no cancellation point,
 * and not through syscall(2), which the shim interposes.
 *
 * The shim makes all calls of its own account this way; the program's own call, handed on as it stands, goes
 * through the next definition instead (real.h). The launcher and the tests ask the kernel itself this way.
 */
#ifndef DIOSHIM_SYS_H
#define DIOSHIM_SYS_H

#include <errno.h>
#include <unistd.h>

#include "sysnr.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* syscall(2), "Architecture calling conventions". */
#if defined(__clang_analyzer__)

/* It does not know that the kernel writes to memory. */
long sys_call(long nr, long a, long b, long c, long d, long e, long f);

#elif defined(__x86_64__) && defined(__LP64__)
#define SYS_CALL_INLINE 1

static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)
#define SYS_CALL_INLINE 1

static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}

#elif defined(__riscv) && __riscv_xlen == 64
#define SYS_CALL_INLINE 1

static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = nr;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

#elif defined(__powerpc64__)
#define SYS_CALL_INLINE 1

/* An error is a positive number and a flag. */
static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = nr;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = d;
	register long r7 __asm__("r7") = e;
	register long r8 __asm__("r8") = f;

	__asm__ volatile("sc\n\t"
			 "bns+	1f\n\t"
			 "neg	%1, %1\n"
			 "1:"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
			 :
			 : "r9", "r10", "r11", "r12", "cr0", "ctr", "memory");
	return r3;
}

#elif defined(__s390x__)
#define SYS_CALL_INLINE 1

static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r1 __asm__("r1") = nr;
	register long r2 __asm__("r2") = a;
	register long r3 __asm__("r3") = b;
	register long r4 __asm__("r4") = c;
	register long r5 __asm__("r5") = d;
	register long r6 __asm__("r6") = e;
	register long r7 __asm__("r7") = f;

	__asm__ volatile("svc	0"
			 : "+d"(r2)
			 : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
			 : "memory", "cc");
	return r2;
}

#elif defined(DIOSHIM_SHIM)

/* The C library's own, and errno as it was (real.c). */
long sys_call(long nr, long a, long b, long c, long d, long e, long f);

#else

static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret = syscall(nr, a, b, c, d, e, f);

	return ret == -1 ? -errno : ret;
}

#endif

#define SYS_ARGUMENTS(nr, a, b, c, d, e, f, ...) \
	(long)(nr), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)

/* sys(SYS_xxx, ...): the system call's own answer, 0 or more, or a negative errno. */
#define sys(...) sys_expand(SYS_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0))
#define sys_expand(...) sys_call(__VA_ARGS__)

#endif
