/*
 * See ld_confine.h.
 *
 * ld.so believes the program headers and the dynamic section: a segment can replace ld.so's own
 * code, which the file then provides. So the system calls are limited to those that listing needs.
 */
#include "check/ld_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sysnr.h"

/* Elsewhere there is no filter. */
#if defined(__x86_64__) && defined(__LP64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && !defined(__AARCH64EB__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH

/* What ld.so calls to list libraries; none of them changes anything outside the process. */
static const uint32_t allowed[] = {
#ifdef __x86_64__
	SYS_access, SYS_arch_prctl,	 SYS_readlink,	      SYS_stat,
#endif
	SYS_brk,    SYS_close,		 SYS_exit_group,      SYS_faccessat, SYS_fstat,
	SYS_getcwd, SYS_getrandom,	 SYS_madvise,	      SYS_mmap,	     SYS_mprotect,
	SYS_munmap, SYS_newfstatat,	 SYS_pread64,	      SYS_read,	     SYS_readlinkat,
	SYS_rseq,   SYS_set_robust_list, SYS_set_tid_address, SYS_uname,     SYS_write,
	SYS_writev,
};

enum { ALLOWED = sizeof(allowed) / sizeof(*allowed) };

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define LOW_HALF(argument) FIELD(args[argument])
#define HIGH_HALF(argument) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		 offsetof(struct seccomp_data, args[argument]) + sizeof(uint32_t))
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EPERM)
#define KILL RETURN(SECCOMP_RET_KILL_PROCESS)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

/*
 * The filter has to let the execve() of ld.so pass. It is told from others by the address of the
 * path, which the code that runs later cannot know; a wrong guess ends it.
 */
static void filter_calls(const char *linker)
{
	const uint64_t address = (uintptr_t)linker;
	const struct sock_filter head[] = {
		FIELD(arch),
		SKIP_UNLESS(ARCH, 11),
		FIELD(nr),
		SKIP_UNLESS(SYS_execve, 5),
		LOW_HALF(0),
		SKIP_UNLESS((uint32_t)address, 7),
		HIGH_HALF(0),
		SKIP_UNLESS((uint32_t)(address >> 32), 5),
		ALLOW,
		SKIP_UNLESS(SYS_openat, 4),
		LOW_HALF(2),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC, 1, 0),
		ALLOW,
		KILL,
	};
	enum { HEAD = sizeof(head) / sizeof(*head) };
	struct sock_filter filter[HEAD + 2 * ALLOWED + 1];
	const struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };
	size_t n = 0;

	for (size_t i = 0; i < HEAD; i++)
		filter[n++] = head[i];
	for (size_t i = 0; i < ALLOWED; i++) {
		filter[n++] = (struct sock_filter)SKIP_UNLESS(allowed[i], 1);
		filter[n++] = (struct sock_filter)ALLOW;
	}
	filter[n] = (struct sock_filter)REFUSE;
	/* A kernel without seccomp lists all the same, as ldd(1) would. */
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

static void filter_calls(const char *linker)
{
	(void)linker;
}

#endif

/* A limit that is lower already stays: raising it fails. */
static void limit_output(void)
{
	const struct rlimit output = { LD_CONFINE_OUTPUT, LD_CONFINE_OUTPUT };
	/* With 0, the program in a core_pattern is started; with 1 not (do_coredump()). */
	const struct rlimit core = { 1, 1 };

	setrlimit(RLIMIT_FSIZE, &output);
	setrlimit(RLIMIT_CORE, &core);
}

/* What the launcher ignores or blocks would stay so beyond execve(). */
static void limit_time(unsigned seconds)
{
	sigset_t none;

	signal(SIGALRM, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(seconds);
}

static bool set_descriptors(const int output[2])
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output[0], STDOUT_FILENO) < 0 ||
	    dup2(output[1], STDERR_FILENO) < 0)
		return false;
#ifdef SYS_close_range
	syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U);
#endif
	return true;
}

bool ld_confine(unsigned seconds, const int output[2], const char *linker)
{
	if (!set_descriptors(output))
		return false;
	limit_time(seconds);
	limit_output();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	filter_calls(linker);
	return true;
}
