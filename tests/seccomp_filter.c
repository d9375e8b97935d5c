/* Seccomp filters. See seccomp_filter.h. */
#include "seccomp_filter.h"

#include <err.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "raw.h"

void filter_add(struct filter *f, struct sock_filter instruction)
{
	if (f->len == sizeof(f->code) / sizeof(f->code[0]))
		errx(99, "filter too long");
	f->code[f->len++] = instruction;
}

static struct sock_filter load(size_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

static struct sock_filter unless_equal_skip(uint32_t value, uint8_t skip)
{
	return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static struct sock_filter say(uint32_t verdict)
{
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict);
}

void filter_call(struct filter *f, int nr, uint32_t verdict)
{
	filter_add(f, load(offsetof(struct seccomp_data, nr)));
	filter_add(f, unless_equal_skip((uint32_t)nr, 1));
	filter_add(f, say(verdict));
}

/* Assumes little-endian: the low half comes first. */
void filter_call_with(struct filter *f, int nr, int argument, uint32_t value, uint32_t verdict)
{
	filter_add(f, load(offsetof(struct seccomp_data, nr)));
	filter_add(f, unless_equal_skip((uint32_t)nr, 3));
	filter_add(f, load(offsetof(struct seccomp_data, args) + (size_t)argument * 8));
	filter_add(f, unless_equal_skip(value, 1));
	filter_add(f, say(verdict));
}

void filter_install(struct filter *f, uint32_t otherwise)
{
	struct sock_fprog program = { .filter = f->code };

	filter_add(f, say(otherwise));
	program.len = f->len;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		err(77, "seccomp");
}
