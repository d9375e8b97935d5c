/* The table of system calls. See interleave_syscall.h. */
#include "interleave_syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>

#include "stress_util.h"
#include "sysnr.h"

enum {
	PRIVATE = 1 << 0,
	YIELDS = 1 << 1,
	NAPS = 1 << 2,
	MOVES = 1 << 3,
	SLEEPS = 1 << 4,
	HANDS_OVER = 1 << 5,
};

/*
 * The letters for the arguments: 'd' a number, 'x' an address or flags, 'a' an offset in the
 * library, 'f' the command of fcntl. Others are printed as an underscore.
 */
static const struct known {
	long nr;
	const char *name;
	const char *args;
	unsigned what;
} known[] = {
	{ SYS_read, "read", "dxd", MOVES },
	{ SYS_pread64, "pread64", "dxdd", MOVES },
	{ SYS_readv, "readv", "dxd", MOVES },
	{ SYS_preadv, "preadv", "dxdd", MOVES },
	{ SYS_preadv2, "preadv2", "dxdd.x", MOVES },
	{ SYS_write, "write", "dxd", MOVES },
	{ SYS_pwrite64, "pwrite64", "dxdd", MOVES },
	{ SYS_writev, "writev", "dxd", MOVES },
	{ SYS_pwritev, "pwritev", "dxdd", MOVES },
	{ SYS_pwritev2, "pwritev2", "dxdd.x", MOVES },
	{ SYS_sendfile, "sendfile", "ddxd", MOVES },
	{ SYS_copy_file_range, "copy_file_range", "dxdxdx", MOVES },
	{ SYS_splice, "splice", "dxdxdx", MOVES },
	{ SYS_vmsplice, "vmsplice", "dxdx", 0 },
	{ SYS_openat, "openat", "dpx", 0 },
	{ SYS_close, "close", "d", 0 },
	{ SYS_close_range, "close_range", "ddx", 0 },
	{ SYS_dup, "dup", "d", 0 },
	{ SYS_dup3, "dup3", "ddx", 0 },
	{ SYS_fcntl, "fcntl", "dfx", 0 },
	{ SYS_lseek, "lseek", "ddd", 0 },
	{ SYS_ftruncate, "ftruncate", "dd", 0 },
	{ SYS_fallocate, "fallocate", "dxdd", 0 },
	{ SYS_fsync, "fsync", "d", 0 },
	{ SYS_fdatasync, "fdatasync", "d", 0 },
	{ SYS_sync_file_range, "sync_file_range", "dddx", 0 },
	{ SYS_fadvise64, "fadvise64", "dddd", 0 },
	{ SYS_statx, "statx", "d.xx", 0 },
	{ SYS_newfstatat, "newfstatat", "d", 0 },
	{ SYS_fstat, "fstat", "d", 0 },
	{ SYS_fstatfs, "fstatfs", "d", 0 },
	{ SYS_ioctl, "ioctl", "dx", 0 },
	{ SYS_flock, "flock", "dx", SLEEPS },
	{ SYS_futex, "futex", "xxx", 0 },
	{ SYS_clone3, "clone3", "", 0 },
	{ SYS_clone, "clone", "x", 0 },
	{ SYS_io_uring_setup, "io_uring_setup", "dx", 0 },
	{ SYS_io_uring_enter, "io_uring_enter", "dddx", HANDS_OVER },
	{ SYS_io_submit, "io_submit", "xdx", HANDS_OVER },
	{ SYS_io_getevents, "io_getevents", "xddxx", 0 },
	{ SYS_io_setup, "io_setup", "dx", PRIVATE },
	{ SYS_io_uring_register, "io_uring_register", "dxxd", 0 },
	{ SYS_wait4, "wait4", "d", SLEEPS },
	{ SYS_exit_group, "exit_group", "d", 0 },
	{ SYS_sched_yield, "sched_yield", "", YIELDS },
	{ SYS_nanosleep, "nanosleep", "x", YIELDS | NAPS },
	{ SYS_clock_nanosleep, "clock_nanosleep", "dxx", YIELDS | NAPS },
	{ SYS_clock_gettime, "clock_gettime", "d", PRIVATE },
	{ SYS_gettimeofday, "gettimeofday", "x", PRIVATE },
	{ SYS_getpid, "getpid", "", PRIVATE },
	{ SYS_gettid, "gettid", "", PRIVATE },
	{ SYS_getcpu, "getcpu", "", PRIVATE },
	{ SYS_getrandom, "getrandom", "xdx", PRIVATE },
	{ SYS_rt_sigprocmask, "rt_sigprocmask", "dxx", PRIVATE },
	{ SYS_rt_sigaction, "rt_sigaction", "d", PRIVATE },
	{ SYS_set_robust_list, "set_robust_list", "x", PRIVATE },
	{ SYS_rseq, "rseq", "x", PRIVATE },
	{ SYS_prctl, "prctl", "d", PRIVATE },
	{ SYS_prlimit64, "prlimit64", "dd", PRIVATE },
	{ SYS_sched_getaffinity, "sched_getaffinity", "d", PRIVATE },
	{ SYS_membarrier, "membarrier", "d", PRIVATE },
	{ SYS_mmap, "mmap", "xdxxd", PRIVATE },
	{ SYS_munmap, "munmap", "xd", PRIVATE },
	{ SYS_mprotect, "mprotect", "xdx", PRIVATE },
	{ SYS_madvise, "madvise", "xdd", PRIVATE },
	{ SYS_mincore, "mincore", "xd", PRIVATE },
	{ SYS_brk, "brk", "x", PRIVATE },
	{ SYS_process_vm_readv, "process_vm_readv", "dxdxd", PRIVATE },
	{ SYS_process_vm_writev, "process_vm_writev", "dxdxd", PRIVATE },
	{ MARK_CALL, "mark", "dd", 0 },
	{ POINT_CALL, "atomic instruction", "a", 0 },
};

static const struct known *find_known(long nr)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].nr == nr)
			return &known[i];
	return NULL;
}

static bool call_is(const struct call *c, unsigned what)
{
	const struct known *k = find_known(c->nr);

	return k && k->what & what;
}

bool syscall_private(const struct call *c)
{
	return call_is(c, PRIVATE);
}

static bool futex_waits(const struct call *c)
{
	int what = (int)c->args[1] & FUTEX_CMD_MASK;

	return c->nr == SYS_futex && (what == FUTEX_WAIT || what == FUTEX_WAIT_BITSET);
}

bool syscall_sleeps(const struct call *c)
{
	return futex_waits(c) || call_is(c, SLEEPS);
}

bool syscall_times_out(const struct call *c)
{
	return futex_waits(c) && c->args[3];
}

bool syscall_yields(const struct call *c)
{
	return call_is(c, YIELDS);
}

bool syscall_naps(const struct call *c)
{
	return call_is(c, NAPS);
}

bool syscall_moves(const struct call *c)
{
	return call_is(c, MOVES);
}

bool syscall_hands_over(const struct call *c)
{
	return call_is(c, HANDS_OVER);
}

uint64_t syscall_signature(const struct call *c)
{
	const struct known *k = find_known(c->nr);
	uint64_t hash = mix64((uint64_t)c->nr);

	if (!k || k->what & (PRIVATE | SLEEPS))
		return hash;
	for (int i = 0; k->args[i]; i++)
		if (k->args[i] == 'd' || k->args[i] == 'f' || k->args[i] == 'a')
			hash = mix64(hash ^ c->args[i]);
	return hash;
}

static void append(char *into, size_t room, const char *text)
{
	size_t used = strlen(into);

	if (used + 1 < room)
		snprintf(into + used, room - used, "%s", text);
}

static const char *fcntl_name(uint64_t cmd)
{
	switch (cmd) {
	case F_GETFL:
		return "F_GETFL";
	case F_SETFL:
		return "F_SETFL";
	case F_DUPFD:
		return "F_DUPFD";
	case F_DUPFD_CLOEXEC:
		return "F_DUPFD_CLOEXEC";
	default:
		return "?";
	}
}

static void describe_flags(uint64_t flags, char *into, size_t room)
{
	snprintf(into, room, "%#o%s%s%s", (unsigned)flags & ~(O_DIRECT | O_APPEND | O_NONBLOCK),
		 flags & O_DIRECT ? "|O_DIRECT" : "", flags & O_APPEND ? "|O_APPEND" : "",
		 flags & O_NONBLOCK ? "|O_NONBLOCK" : "");
}

static void describe_argument(const struct call *c, int i, char kind, char *into, size_t room)
{
	if (kind == 'f')
		snprintf(into, room, "%s", fcntl_name(c->args[i]));
	else if (c->nr == SYS_fcntl && i == 2 && c->args[1] == F_SETFL)
		describe_flags(c->args[i], into, room);
	else if (c->nr == SYS_fcntl && i == 2)
		snprintf(into, room, "...");
	else if (kind == 'd')
		snprintf(into, room, "%lld", (long long)(int64_t)c->args[i]);
	else if (kind == 'x' || kind == 'a')
		snprintf(into, room, "%#llx", (unsigned long long)c->args[i]);
	else
		snprintf(into, room, "_");
}

static void describe_result(const struct call *c, long ret, char *into, size_t room)
{
	const char *error = ret < 0 && ret >= -4095 ? strerrorname_np((int)-ret) : NULL;

	if (error)
		snprintf(into, room, " = %s", error);
	else if (c->nr == SYS_fcntl && c->args[1] == F_GETFL)
		snprintf(into, room, " = %#lo%s", ret, ret & O_DIRECT ? " (O_DIRECT)" : "");
	else
		snprintf(into, room, " = %ld", ret);
}

void syscall_describe(const struct call *c, long ret, bool returned, char *into, size_t room)
{
	const struct known *k = find_known(c->nr);
	char text[80];

	snprintf(into, room, "%s", k ? k->name : "");
	if (!k)
		snprintf(into, room, "syscall_%ld", c->nr);
	append(into, room, "(");
	for (int i = 0; k && k->args[i]; i++) {
		describe_argument(c, i, k->args[i], text, sizeof(text));
		append(into, room, i ? ", " : "");
		append(into, room, text);
	}
	append(into, room, ")");
	text[0] = '\0';
	if (c->nr == POINT_CALL)
		return;
	if (returned)
		describe_result(c, ret, text, sizeof(text));
	else
		snprintf(text, sizeof(text), " ...");
	append(into, room, text);
}
