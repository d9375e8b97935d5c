/*
 * syscall(2): the calls that this library covers are handled by number as they are by name. All other
 * numbers go to the next definition by a jump, with all six arguments as they are.
 *
 * None of these calls is a cancellation point, unlike those by name (pthreads(7)).
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>

#include "aio_change.h"
#include "aio_submit.h"
#include "hint.h"
#include "pass.h"
#include "public.h"
#include "public_copy.h"
#include "public_fd.h"
#include "real.h"
#include "rescue.h"
#include "sys64.h"
#include "transfers.h"

enum { NUMBERS = 512 };

/* Is a number that of a covered call? For public_syscall(). */
extern const uint8_t public_syscall_numbers[NUMBERS];
long public_syscall_covered(long nr, long a, long b, long c, long d, long e, long f);

#define TRANSFER_NUMBER(call, takes) [SYS_##call] = 1,

/* Newer architectures lack some of these. */
const uint8_t public_syscall_numbers[NUMBERS] = {
	DIOSHIM_TRANSFERS(TRANSFER_NUMBER)
#ifdef SYS_open
		[SYS_open] = 1,
#endif
#ifdef SYS_creat
	[SYS_creat] = 1,
#endif
	[SYS_openat] = 1,
	[SYS_openat2] = 1,
	[SYS_open_by_handle_at] = 1,
	[SYS_pidfd_getfd] = 1,
	[SYS_fcntl] = 1,
#ifdef SYS_fcntl64
	[SYS_fcntl64] = 1,
#endif
	[SYS_dup] = 1,
#ifdef SYS_dup2
	[SYS_dup2] = 1,
#endif
	[SYS_dup3] = 1,
	[SYS_close] = 1,
	[SYS_close_range] = 1,
	[SYS_sendfile] = 1,
#ifdef SYS_sendfile64
	[SYS_sendfile64] = 1,
#endif
	[SYS_splice] = 1,
	[SYS_copy_file_range] = 1,
	[SYS_io_submit] = 1,
	[SYS_io_getevents] = 1,
#ifdef SYS_io_pgetevents
	[SYS_io_pgetevents] = 1,
#endif
#ifdef SYS_io_pgetevents_time64
	[SYS_io_pgetevents_time64] = 1,
#endif
};

/* The next definitions of the calls by name. */

#define NEXT_FCNTL(name, number) \
	static int name(int fd, int cmd, ...) \
	{ \
		va_list ap; \
		long arg; \
\
		va_start(ap, cmd); \
		arg = va_arg(ap, long); \
		va_end(ap); \
		return (int)real.syscall(number, fd, cmd, arg); \
	}

NEXT_FCNTL(next_fcntl, SYS_fcntl)
#ifdef SYS_fcntl64
NEXT_FCNTL(next_fcntl64, SYS_fcntl64)
#endif

static int next_dup(int fd)
{
	return (int)real.syscall(SYS_dup, fd);
}

#ifdef SYS_dup2
static int next_dup2(int from, int to, int flags)
{
	(void)flags;
	return (int)real.syscall(SYS_dup2, from, to);
}
#endif

static int next_dup3(int from, int to, int flags)
{
	return (int)real.syscall(SYS_dup3, from, to, flags);
}

static int next_close(int fd)
{
	return (int)real.syscall(SYS_close, fd);
}

static int next_close_range(unsigned first, unsigned last, int flags)
{
	return (int)real.syscall(SYS_close_range, first, last, flags);
}

/* The arguments of a call, as the kernel gets them. */
struct arguments {
	long a, b, c, d, e, f;
};

static ssize_t next_sendfile(const struct copy *c)
{
	return real.syscall(SYS_sendfile, c->out, c->in, c->in_pos, c->len);
}

#ifdef SYS_sendfile64
static ssize_t next_sendfile64(const struct copy *c)
{
	return real.syscall(SYS_sendfile64, c->out, c->in, c->in_pos, c->len);
}
#endif

static ssize_t next_splice(const struct copy *c)
{
	return real.syscall(SYS_splice, c->in, c->in_pos, c->out, c->out_pos, c->len, c->flags);
}

static ssize_t next_copy_file_range(const struct copy *c)
{
	return real.syscall(SYS_copy_file_range, c->in, c->in_pos, c->out, c->out_pos, c->len,
			    c->flags);
}

static long on_copies(long nr, const struct arguments *x)
{
	struct copy c = {
		.name = nr == SYS_splice ? COPY_SPLICE : COPY_RANGE,
		.in = (int)x->a,
		.in_pos = (int64_t *)x->b,
		.out = (int)x->c,
		.out_pos = (int64_t *)x->d,
		.len = (size_t)x->e,
		.flags = (unsigned)x->f,
	};

	if (nr == SYS_splice || nr == SYS_copy_file_range)
		return copy_call(&c, nr == SYS_splice ? next_splice : next_copy_file_range);
	c = (struct copy){
		.name = COPY_SENDFILE,
		.out = (int)x->a,
		.in = (int)x->b,
		.in_pos = (int64_t *)x->c,
		.len = (size_t)x->d,
	};
#ifdef SYS_sendfile64
	if (nr == SYS_sendfile64)
		return copy_call(&c, next_sendfile64);
#endif
#ifdef DIOSHIM_OFF32
	c.off32 = true;
#endif
	return copy_call(&c, next_sendfile);
}

/* Both calls of the name, with which a program takes events. */
static long take_events(long nr, const struct arguments *x)
{
	long ret = real.syscall(nr, x->a, x->b, x->c, x->d, x->e, x->f);

	if (ret > 0)
		aio_change_wait((const struct io_event *)x->d, ret);
	return ret;
}

static long on_numbers(long nr, const struct arguments *x)
{
	int fd = (int)x->a;

	switch (nr) {
#ifdef SYS_open
	case SYS_open:
		return fd_opened((int)real.syscall(nr, x->a, x->b, x->c), (int)x->b);
#endif
#ifdef SYS_creat
	case SYS_creat:
		return fd_opened((int)real.syscall(nr, x->a, x->b), 0);
#endif
	case SYS_openat:
		return fd_opened((int)real.syscall(nr, x->a, x->b, x->c, x->d), (int)x->c);
	case SYS_openat2:
		return fd_opened_how((int)real.syscall(nr, x->a, x->b, x->c, x->d),
				     (const struct open_how *)x->c, (size_t)x->d);
	case SYS_open_by_handle_at:
		return fd_opened((int)real.syscall(nr, x->a, x->b, x->c), (int)x->c);
	/* Another process has the description, too, so the number gets no key and no hint. */
	case SYS_pidfd_getfd:
		return fd_opened((int)real.syscall(nr, x->a, x->b, x->c), 0);
	case SYS_fcntl:
		return fd_control(next_fcntl, fd, (int)x->b, (void *)x->c);
#ifdef SYS_fcntl64
	case SYS_fcntl64:
		return fd_control(next_fcntl64, fd, (int)x->b, (void *)x->c);
#endif
	case SYS_dup:
		return fd_duplicate(next_dup, fd);
#ifdef SYS_dup2
	case SYS_dup2:
		return fd_duplicate_onto(next_dup2, fd, (int)x->b, 0);
#endif
	case SYS_dup3:
		return fd_duplicate_onto(next_dup3, fd, (int)x->b, (int)x->c);
	case SYS_io_submit:
		return aio_submit((aio_context_t)x->a, x->b, (struct iocb **)x->c);
	case SYS_io_getevents:
#ifdef SYS_io_pgetevents
	case SYS_io_pgetevents:
#endif
#ifdef SYS_io_pgetevents_time64
	case SYS_io_pgetevents_time64:
#endif
		return take_events(nr, x);
	case SYS_close:
		return fd_close(next_close, fd);
	case SYS_sendfile:
#ifdef SYS_sendfile64
	case SYS_sendfile64:
#endif
	case SYS_splice:
	case SYS_copy_file_range:
		return on_copies(nr, x);
	default:
		return fd_close_range(next_close_range, (unsigned)x->a, (unsigned)x->b, (int)x->c);
	}
}

static int64_t offset_of(int takes, const struct arguments *x)
{
	const long all[] = { x->a, x->b, x->c, x->d, x->e, x->f };

	return sys64_offset(takes & TRANSFER_VECTOR, all);
}

/* The kernel has answered with 0 or less. */
static long refused(long nr, int takes, const struct arguments *x, int before, uint32_t generation,
		    long ret)
{
	int fd = (int)x->a;
	int64_t pos = takes & TRANSFER_OFFSET ? offset_of(takes, x) : 0;

	if (!(takes & TRANSFER_VECTOR))
		return rescue_refused(nr, fd, (const void *)x->b, (size_t)x->c, pos, before,
				      generation, ret);
	return rescue_refused_vector(nr, fd, (const struct iovec *)x->b, (int)x->c, pos,
				     takes & TRANSFER_FLAGS ? (int)x->f : 0, before, generation,
				     ret);
}

static bool is_implied(int takes, const struct arguments *x)
{
	return !(takes & TRANSFER_OFFSET) ||
	       ((takes & TRANSFER_FLAGS) && offset_of(takes, x) == -1);
}

/* On a number that is known to be direct. */
static long transfer_direct(long nr, int takes, const struct arguments *x, int before)
{
	bool implied = is_implied(takes, x);
	bool one_buffer = !(takes & TRANSFER_VECTOR);
	int64_t pos = implied ? 0 : offset_of(takes, x);
	int fd = (int)x->a;
	struct pass p;
	ssize_t ret;

	if (one_buffer && hint_refuses(fd, (uintptr_t)x->b, (size_t)x->c, (uint64_t)pos) &&
	    rescue_predicted(nr, fd, (const void *)x->b, (size_t)x->c, pos, &ret))
		return ret;
	pass_begin(&p, fd, implied);
	ret = real.syscall(nr, x->a, x->b, x->c, x->d, x->e, x->f);
	ret = pass_end(&p, takes & TRANSFER_WRITE, implied ? -1 : pos, ret);
	if (one_buffer && (takes & TRANSFER_WRITE) && !implied && unlikely(p.met) && ret > 0)
		rescue_once_more(fd, (const void *)x->b, (size_t)x->c, pos, p.generation);
	return ret > 0 ? ret : refused(nr, takes, x, before, p.generation, ret);
}

static long transfer(long nr, int takes, const struct arguments *x)
{
	int before = errno_before();
	long ret;

	if (hint_get((int)x->a))
		return transfer_direct(nr, takes, x, before);
	ret = real.syscall(nr, x->a, x->b, x->c, x->d, x->e, x->f);
	return ret > 0 ? ret : refused(nr, takes, x, before, 0, ret);
}

/* public_syscall() calls this for a covered number. */
__attribute__((used, cold)) long public_syscall_covered(long nr, long a, long b, long c, long d,
							long e, long f)
{
	const struct arguments x = { a, b, c, d, e, f };
	int takes = transfer_takes(nr);

	return takes < 0 ? on_numbers(nr, &x) : transfer(nr, takes, &x);
}

#if defined(__x86_64__)

/*
 * The seventh argument is on the stack. If the caller passed fewer, its own data is there, which another
 * thread may be changing. So the slot is read but never written; a compiler writes it back before a jump.
 */
PUBLIC __attribute__((naked)) void public_syscall(void) __asm__("syscall");

void public_syscall(void)
{
	__asm__("cmpq	%0, %%rdi\n\t"
		"jae	1f\n\t"
		"leaq	public_syscall_numbers(%%rip), %%r10\n\t"
		"cmpb	$0, (%%r10,%%rdi)\n\t"
		"jne	2f\n"
		"1:	jmp	*real+%c1(%%rip)\n"
		"2:	pushq	8(%%rsp)\n\t"
		".cfi_adjust_cfa_offset 8\n\t"
		"call	public_syscall_covered\n\t"
		"addq	$8, %%rsp\n\t"
		".cfi_adjust_cfa_offset -8\n\t"
		"ret"
		:
		: "i"(NUMBERS), "i"(offsetof(struct real, syscall)));
}

#elif defined(__i386__)

/*
 * All arguments are on the stack, and are left there. The call to 3 finds out where the code is; the table and `real`
 * are at fixed distances from it.
 */
PUBLIC __attribute__((naked)) void public_syscall(void) __asm__("syscall");

void public_syscall(void)
{
	__asm__("movl	4(%%esp), %%eax\n\t"
		"call	3f\n"
		"0:	addl	$_GLOBAL_OFFSET_TABLE_+(.-0b), %%ecx\n\t"
		"cmpl	%0, %%eax\n\t"
		"jae	1f\n\t"
		"cmpb	$0, public_syscall_numbers@GOTOFF(%%ecx,%%eax)\n\t"
		"jne	2f\n"
		"1:	jmp	*real@GOTOFF+%c1(%%ecx)\n"
		"2:	jmp	public_syscall_covered\n"
		"3:	movl	(%%esp), %%ecx\n\t"
		"ret"
		:
		: "i"(NUMBERS), "i"(offsetof(struct real, syscall)));
}

#elif defined(__arm__)

/* The arguments from the fifth on are on the stack, and are left there. */
#ifdef __thumb__
#define PC_AHEAD "4" /* what an instruction finds in pc, beyond its own address */
#else
#define PC_AHEAD "8"
#endif

PUBLIC __attribute__((naked)) void public_syscall(void) __asm__("syscall");

void public_syscall(void)
{
	__asm__("cmp	r0, %0\n\t"
		"bcs	1f\n\t"
		"ldr	ip, 3f\n"
		"5:	add	ip, pc\n\t"
		"ldrb	ip, [ip, r0]\n\t"
		"cmp	ip, #0\n\t"
		"bne	2f\n"
		"1:	ldr	ip, 4f\n"
		"6:	add	ip, pc\n\t"
		"ldr	ip, [ip, %1]\n\t"
		"bx	ip\n"
		"2:	b	public_syscall_covered\n\t"
		".align	2\n"
		"3:	.word	public_syscall_numbers-(5b+" PC_AHEAD ")\n"
		"4:	.word	real-(6b+" PC_AHEAD ")\n"
		:
		: "i"(NUMBERS), "i"(offsetof(struct real, syscall)));
}

#else

/*
 * Has all arguments of the longest call, in registers, so that it passes on those that it does not look at.
 * A variadic call has its arguments in the same registers.
 */
PUBLIC long public_syscall(long nr, long a, long b, long c, long d, long e,
			   long f) __asm__("syscall");

long public_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	if (unlikely((unsigned long)nr < NUMBERS && public_syscall_numbers[nr]))
		return public_syscall_covered(nr, a, b, c, d, e, f);
	return real.syscall(nr, a, b, c, d, e, f);
}

#endif
