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

#elif defined(__i386__)
#define SYS_CALL_INLINE 1

/* The compiler may need %ebx and %ebp for itself, so three arguments come from memory, through %ecx. */
static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	const long stored[3] = { a, b, f };
	const long *at = stored;
	long ret;

	__asm__ volatile("pushl	%%ebx\n\t"
			 "pushl	%%ebp\n\t"
			 "movl	(%%ecx), %%ebx\n\t"
			 "movl	8(%%ecx), %%ebp\n\t"
			 "movl	4(%%ecx), %%ecx\n\t"
			 "int	$0x80\n\t"
			 "popl	%%ebp\n\t"
			 "popl	%%ebx"
			 : "=a"(ret), "+c"(at)
			 : "0"(nr), "d"(c), "S"(d), "D"(e), "m"(stored)
			 : "memory", "cc");
	return ret;
}

#elif defined(__arm__) && defined(__ARM_EABI__)
#define SYS_CALL_INLINE 1

/* r7 takes the number, but is the frame pointer of Thumb code. */
static inline long sys_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;
	long saved;

	__asm__ volatile("mov	%[saved], r7\n\t"
			 "mov	r7, %[nr]\n\t"
			 "svc	#0\n\t"
			 "mov	r7, %[saved]"
			 : "+r"(r0), [saved] "=&r"(saved)
			 : [nr] "r"(nr), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
			 : "memory", "cc");
	return r0;
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

/* An argument is one word. A wider one does not compile: see sys64.h. (The conditional makes an array a pointer.) */
#if __SIZEOF_LONG__ == 8
#define SYS_WORD(x) (long)(x)
#else
#define SYS_WORD(x) \
	((long)(x) + 0 * (long)sizeof(char[sizeof(1 ? (x) : (x)) > sizeof(long) ? -1 : 1]))
#endif

#define SYS_ARGUMENTS(nr, a, b, c, d, e, f, ...) \
	SYS_WORD(nr), SYS_WORD(a), SYS_WORD(b), SYS_WORD(c), SYS_WORD(d), SYS_WORD(e), SYS_WORD(f)

/* sys(SYS_xxx, ...): the system call's own answer, 0 or more, or a negative errno. */
#define sys(...) sys_expand(SYS_ARGUMENTS(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0))
#define sys_expand(...) sys_call(__VA_ARGS__)

/* Returns whether a system call that returns an address has failed. On a 32-bit machine addresses may be negative. */
static inline int sys_failed(long ret)
{
	return ret < 0 && ret >= -4095;
}

#endif
