/*
 * The shim under seccomp filters: an old kernel, a sandbox that refuses calls, and one that kills.
 *
 *   seccomp old|refused|strict|recorded FILE
 *   seccomp unknown|unpopulated[,...] COMMAND [ARG...]
 *
 * A child installs a filter and makes misaligned calls on FILE; the parent, without a filter,
 * compares the contents of the file with what the calls returned. seccomp.bats starts this under
 * the shim.
 *
 *   old      system calls that older kernels lack or refuse: everything still works
 *   refused  a helper call of the shim is refused with EPERM: the shim may do less, or nothing, but
 *            gives no wrong answer and loses no data
 *   strict   a call that is not on the lists of seccomp_lists.h kills the process (doc/design.md has it, too)
 *   unknown  runs the command without statx(2), so that no alignment is reported, as before Linux 6.1
 *   unpopulated  runs the command without MADV_POPULATE_READ and _WRITE, as before Linux 5.14
 *   recorded the same as strict, with the calls that are added if DIOSHIM_STATS or DIOSHIM_TRACE is set
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"
#include "seccomp_filter.h"
#include "seccomp_lists.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define SPAN ((size_t)1 << 20) /* bytes of the file that the calls are made in */

/* The calls */

/* How much data the calls must move. In any case their counts must be right. */
enum expected { ALL_MOVED, SOME_MOVED, NONE_MOVED };

enum way { WRITE, PWRITE, WRITEV, PWRITEV, READ, PREAD, READV, PREADV };

static bool is_read(enum way way)
{
	return way >= READ;
}

/* Head, whole blocks and tail; one block; whole blocks from a misaligned address; across 64 KiB. */
static const struct job {
	enum way way;
	off_t pos;
	size_t len;
	size_t shift;
} jobs[] = {
	{ PWRITE, 100, 20000, 1 },     { PREAD, 90, 20100, 3 },	     { WRITE, 30001, 7, 5 },
	{ READ, 29000, 3000, 1 },      { WRITEV, 40000, 50001, 1 },  { READV, 39000, 60000, 7 },
	{ PWRITEV, 65536, 131072, 3 }, { PREADV, 65536, 131072, 1 }, { PWRITE, 200000, 300000, 1 },
	{ PREAD, 200001, 299999, 1 },  { WRITE, 8192, 16384, 1 },    { READ, 8192, 16384, 1 },
	{ PWRITE, 511, 2, 0 },	       { PREAD, 4095, 2, 0 },	     { PWRITE, 4096, 4097, 0 },
	{ PREAD, 0, 65537, 0 },
};

struct result {
	ssize_t ret;
	int error;
	off_t offset; /* from lseek(); -1 where the filter refuses it */
	bool right;   /* the data read was what had been written */
};

/* What the child reports, in memory shared with the parent. */
struct report {
	struct result results[COUNT_OF(jobs)];
	unsigned char model[SPAN]; /* what the file must hold */
	unsigned char known[SPAN]; /* 0 where a short write leaves the contents unspecified */
	struct result nowhere;	   /* of a write from memory that does not exist */
};

static unsigned char *buffer;

static unsigned char byte_of(size_t seed, size_t n)
{
	return (unsigned char)(seed * 41 + n * 7 + n / 253);
}

static ssize_t make(int fd, const struct job *job, unsigned char *at)
{
	struct iovec iov[2] = { { at, job->len / 2 },
				{ at + job->len / 2, job->len - job->len / 2 } };

	switch (job->way) {
	case WRITE:
		return write(fd, at, job->len);
	case PWRITE:
		return pwrite(fd, at, job->len, job->pos);
	case WRITEV:
		return writev(fd, iov, 2);
	case PWRITEV:
		return pwritev(fd, iov, 2, job->pos);
	case READ:
		return read(fd, at, job->len);
	case PREAD:
		return pread(fd, at, job->len, job->pos);
	case READV:
		return readv(fd, iov, 2);
	default:
		return preadv(fd, iov, 2, job->pos);
	}
}

static bool implied_offset(enum way way)
{
	return way == WRITE || way == WRITEV || way == READ || way == READV;
}

/*
 * The descriptors are opened before the filter is installed, with the offset where the call begins.
 */
static void do_job(struct report *report, size_t i, int fd)
{
	const struct job *job = &jobs[i];
	struct result *result = &report->results[i];
	unsigned char *at = buffer + job->shift;

	for (size_t n = 0; n < job->len; n++)
		at[n] = is_read(job->way) ? 0 : byte_of(i, n);
	result->ret = make(fd, job, at);
	result->error = errno;
	result->offset = lseek(fd, 0, SEEK_CUR);
	result->right = true;
	for (ssize_t n = 0; n < (ssize_t)job->len; n++) {
		size_t place = (size_t)(job->pos + n);

		if (is_read(job->way)) {
			if (n < result->ret && report->known[place] &&
			    at[n] != report->model[place])
				result->right = false;
		} else if (n < result->ret) {
			report->model[place] = at[n];
			report->known[place] = 1;
		} else if (result->ret >= 0) {
			report->known[place] = 0;
		}
	}
}

static void do_all(struct report *report, const char *path, struct filter *f, uint32_t otherwise)
{
	int fds[COUNT_OF(jobs)];
	char *nowhere = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < COUNT_OF(jobs); i++) {
		fds[i] = open(path, O_RDWR | O_DIRECT);
		if (fds[i] < 0 || lseek(fds[i], jobs[i].pos, SEEK_SET) < 0)
			err(99, "%s", path);
	}
	filter_install(f, otherwise);
	for (size_t i = 0; i < COUNT_OF(jobs); i++)
		do_job(report, i, fds[i]);
	report->nowhere.ret = pwrite(fds[0], nowhere + 1, 4096, 0);
	report->nowhere.error = errno;
	raw_syscall(SYS_exit_group, 0);
}

/* The judgement */

static const char *case_name;
static int failures;

static void must(bool condition, const char *what, size_t job)
{
	if (condition)
		return;
	printf("# %s: job %zu: %s\n", case_name, job, what);
	failures++;
}

static void judge_result(const struct report *report, size_t i, enum expected expected)
{
	const struct result *result = &report->results[i];
	const struct job *job = &jobs[i];
	off_t moved = result->ret > 0 ? result->ret : 0;

	must(result->ret >= -1 && result->ret != 0 && moved <= (off_t)job->len, "impossible count",
	     i);
	must(result->right, "wrong bytes read", i);
	/* EINVAL is the kernel's own answer to a misaligned call. */
	must(result->ret > 0 || result->error == EINVAL, "errno is not EINVAL", i);
	must(expected != ALL_MOVED || moved == (off_t)job->len, "not all of it was moved", i);
	must(expected != NONE_MOVED || !moved, "moved, though the filter was to prevent it", i);
	if (result->offset >= 0 && implied_offset(job->way))
		must(result->offset == job->pos + moved, "the offset is not where the count says",
		     i);
}

/* EINVAL, as long as misaligned calls are refused. */
static void judge_nowhere(const struct result *result, enum expected expected)
{
	must(result->ret == -1, "moved from memory that does not exist", 0);
	must(result->error == EFAULT || (expected != ALL_MOVED && result->error == EINVAL),
	     "errno is not EFAULT", 0);
}

static void judge_file(const struct report *report, const char *path)
{
	static unsigned char now[SPAN];
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(99, "%s", path);
	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (raw_syscall(SYS_pread64, fd, now, SPAN, 0L) != (long)SPAN)
		err(99, "%s", path);
	close(fd);
	for (size_t n = 0; n < SPAN; n++)
		if (report->known[n] && now[n] != report->model[n]) {
			must(false, "the file differs from what the calls reported", n);
			return;
		}
}

static void new_file(struct report *report, const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	for (size_t n = 0; n < SPAN; n++)
		report->model[n] = byte_of(99, n);
	memset(report->known, 1, SPAN);
	if (fd < 0 || raw_syscall(SYS_pwrite64, fd, report->model, SPAN, 0L) != (long)SPAN ||
	    fsync(fd))
		err(99, "%s", path);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static void run_case(const char *name, const char *path, struct filter *f, uint32_t otherwise,
		     enum expected expected)
{
	static int number;
	struct report *report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int before = failures;
	size_t moved = 0;
	int status;
	pid_t child;

	if (report == MAP_FAILED)
		err(99, "mmap");
	case_name = name;
	new_file(report, path);
	fflush(stdout);
	child = fork();
	if (!child)
		do_all(report, path, f, otherwise);
	if (child < 0 || waitpid(child, &status, 0) != child)
		err(99, "fork");
	if (WIFSIGNALED(status))
		must(false, strsignal(WTERMSIG(status)), 0);
	else if (WEXITSTATUS(status) == 77)
		exit(77);
	else
		must(WEXITSTATUS(status) == 0, "the child failed", 0);
	for (size_t i = 0; !status && i < COUNT_OF(jobs); i++) {
		judge_result(report, i, expected);
		moved += report->results[i].ret > 0;
	}
	must(status || expected != SOME_MOVED || (moved > 0 && moved < COUNT_OF(jobs)),
	     "nothing was moved, or all", moved);
	if (!status)
		judge_nowhere(&report->nowhere, expected);
	judge_file(report, path);
	printf("%sok %d - %s\n", failures == before ? "" : "not ", ++number, name);
	munmap(report, sizeof(*report));
}

/* (a) The answers of older kernels */

static const uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
static const uint32_t einval = SECCOMP_RET_ERRNO | EINVAL;
static const uint32_t eperm = SECCOMP_RET_ERRNO | EPERM;

static void add_no_populate(struct filter *f)
{
	filter_call_with(f, SYS_madvise, 2, MADV_POPULATE_READ, einval);
	filter_call_with(f, SYS_madvise, 2, MADV_POPULATE_WRITE, einval);
}

static void old_kernels(const char *path)
{
	struct filter no_statx = { 0 };
	struct filter no_populate = { 0 };
	struct filter no_advice = { 0 };
	struct filter no_newer_calls = { 0 };
	struct filter none_of_them = { 0 };

	filter_call(&no_statx, SYS_statx, enosys);
	run_case("no statx(2): alignments are unknown", path, &no_statx, SECCOMP_RET_ALLOW,
		 ALL_MOVED);
	add_no_populate(&no_populate);
	run_case("no MADV_POPULATE_READ and _WRITE", path, &no_populate, SECCOMP_RET_ALLOW,
		 ALL_MOVED);
	filter_call(&no_advice, SYS_madvise, SECCOMP_RET_ERRNO);
	filter_call(&no_advice, SYS_process_vm_readv, enosys);
	run_case("all advice is accepted and ignored, as by an emulator", path, &no_advice,
		 SECCOMP_RET_ALLOW, ALL_MOVED);
	filter_call(&no_newer_calls, SYS_sync_file_range, enosys);
	filter_call(&no_newer_calls, SYS_preadv2, enosys);
	filter_call(&no_newer_calls, SYS_pwritev2, enosys);
	run_case("no sync_file_range(2), preadv2(2), pwritev2(2)", path, &no_newer_calls,
		 SECCOMP_RET_ALLOW, ALL_MOVED);
	filter_call(&none_of_them, SYS_statx, enosys);
	filter_call(&none_of_them, SYS_sync_file_range, enosys);
	filter_call(&none_of_them, SYS_preadv2, enosys);
	filter_call(&none_of_them, SYS_pwritev2, enosys);
	add_no_populate(&none_of_them);
	run_case("none of these", path, &none_of_them, SECCOMP_RET_ALLOW, ALL_MOVED);
}

/* The answers that `words` names, separated by commas. Returns false if a word is unknown. */
static bool add_answers(struct filter *f, char *words)
{
	for (char *word = strtok(words, ","); word; word = strtok(NULL, ",")) {
		if (!strcmp(word, "unknown"))
			filter_call(f, SYS_statx, enosys);
		else if (!strcmp(word, "unpopulated"))
			add_no_populate(f);
		else
			return false;
	}
	return f->len;
}

static void run_under(struct filter *f, char **command)
{
	filter_install(f, SECCOMP_RET_ALLOW);
	execvp(command[0], command);
	err(99, "%s", command[0]);
}

/* (b) A sandbox that refuses */

static void refuse(const char *name, const char *path, int nr, enum expected expected)
{
	struct filter f = { 0 };

	filter_call(&f, nr, eperm);
	run_case(name, path, &f, SECCOMP_RET_ALLOW, expected);
}

static void refuse_with(const char *name, const char *path, int nr, int argument, uint32_t value,
			enum expected expected)
{
	struct filter f = { 0 };

	filter_call_with(&f, nr, argument, value, eperm);
	run_case(name, path, &f, SECCOMP_RET_ALLOW, expected);
}

static void refuse_all_helpers(const char *path)
{
	struct filter f = { 0 };

	for (size_t i = 0; i < COUNT_OF(helpers); i++)
		filter_call(&f, helpers[i], eperm);
	run_case("all of them refused", path, &f, SECCOMP_RET_ALLOW, NONE_MOVED);
}

/*
 * If the shim cannot examine the descriptor, it can do nothing; for everything else it has an
 * alternative.
 */
static void refused_helpers(const char *path)
{
	struct filter memory = { 0 };
	struct filter looks = { 0 };

	refuse_with("F_GETFL refused", path, SYS_fcntl, 1, F_GETFL, NONE_MOVED);
	refuse_with("F_SETFL refused", path, SYS_fcntl, 1, F_SETFL, SOME_MOVED);
	refuse("fcntl refused", path, SYS_fcntl, NONE_MOVED);
	refuse("statx refused", path, SYS_statx, ALL_MOVED);
	refuse("newfstatat refused", path, SYS_newfstatat, ALL_MOVED);
	refuse("ioctl refused", path, SYS_ioctl, ALL_MOVED);
	refuse("lseek refused", path, SYS_lseek, ALL_MOVED);
	refuse("madvise refused", path, SYS_madvise, ALL_MOVED);
	refuse_with("MADV_DONTFORK refused", path, SYS_madvise, 2, MADV_DONTFORK, ALL_MOVED);
	refuse_with("MADV_WIPEONFORK refused", path, SYS_madvise, 2, MADV_WIPEONFORK, ALL_MOVED);
	refuse_with("MADV_HUGEPAGE refused", path, SYS_madvise, 2, MADV_HUGEPAGE, ALL_MOVED);
	refuse("mmap refused", path, SYS_mmap, ALL_MOVED);
	refuse("munmap refused", path, SYS_munmap, ALL_MOVED);
	refuse("rt_sigprocmask refused", path, SYS_rt_sigprocmask, ALL_MOVED);
	refuse("prlimit64 refused", path, SYS_prlimit64, ALL_MOVED);
	refuse("sync_file_range refused", path, SYS_sync_file_range, ALL_MOVED);
	refuse("process_vm_readv refused", path, SYS_process_vm_readv, ALL_MOVED);
	refuse("getpid refused", path, SYS_getpid, ALL_MOVED);
	refuse("futex refused", path, SYS_futex, ALL_MOVED);
	filter_call(&memory, SYS_madvise, eperm);
	filter_call(&memory, SYS_process_vm_readv, eperm);
	filter_call(&memory, SYS_rt_sigprocmask, eperm);
	filter_call(&memory, SYS_futex, eperm);
	run_case("the caller's memory cannot be checked", path, &memory, SECCOMP_RET_ALLOW,
		 SOME_MOVED);
	filter_call(&looks, SYS_statx, eperm);
	filter_call(&looks, SYS_newfstatat, eperm);
	run_case("statx and newfstatat refused", path, &looks, SECCOMP_RET_ALLOW, NONE_MOVED);
	refuse_all_helpers(path);
}

/* (c) A sandbox that kills */

static void allow(struct filter *f, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		filter_call(f, calls[i], SECCOMP_RET_ALLOW);
}

static void strict_sandbox(const char *path, bool recorded)
{
	struct filter f = { 0 };
	struct filter no_statx = { 0 };

	add_no_populate(&no_statx);
	filter_call(&no_statx, SYS_statx, enosys);
	filter_call(&no_statx, SYS_sync_file_range, enosys);
	allow(&f, helpers, COUNT_OF(helpers));
	allow(&no_statx, helpers, COUNT_OF(helpers));
	allow(&f, transfers, COUNT_OF(transfers));
	allow(&no_statx, transfers, COUNT_OF(transfers));
	if (recorded) {
		allow(&f, recorders, COUNT_OF(recorders));
		allow(&no_statx, recorders, COUNT_OF(recorders));
	}
	filter_call(&f, SYS_exit_group, SECCOMP_RET_ALLOW);
	filter_call(&no_statx, SYS_exit_group, SECCOMP_RET_ALLOW);
	run_case("only the listed helpers are allowed", path, &f, SECCOMP_RET_KILL_PROCESS,
		 ALL_MOVED);
	run_case("the same on an old kernel", path, &no_statx, SECCOMP_RET_KILL_PROCESS, ALL_MOVED);
}

int main(int argc, char **argv)
{
	struct filter answers = { 0 };

	buffer = aligned_alloc(4096, SPAN);
	if (!buffer)
		err(99, "memory");
	if (argc == 3 && !strcmp(argv[1], "old"))
		old_kernels(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "refused"))
		refused_helpers(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "strict"))
		strict_sandbox(argv[2], false);
	else if (argc == 3 && !strcmp(argv[1], "recorded"))
		strict_sandbox(argv[2], true);
	else if (argc > 2 && add_answers(&answers, argv[1]))
		run_under(&answers, argv + 2);
	else
		errx(99, "usage: seccomp old|refused|strict|recorded FILE | "
			 "unknown|unpopulated[,...] COMMAND...");
	return failures != 0;
}
