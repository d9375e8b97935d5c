/*
 * The record files of this process. See recording.h.
 *
 * Raw system calls, since this runs before the program and perhaps before other libraries are
 * ready. A failure costs the record and a line on stderr, never the program.
 */
#include "recording.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "complain.h"
#include "record_hooks.h"
#include "sys64.h"

/* In the C library since glibc 2.32; it does not allocate or translate. */
const char *strerrordesc_np(int err);
#pragma weak strerrordesc_np

struct recording recording;

/* The start of a record file, see struct record. */
struct header {
	uint64_t magic;
	uint64_t size;
};

enum { NOT_OURS = 1 }; /* not an errno of open(2) and the others here: those are negative */

/*
 * Writes the header first, in one write: at no moment could a process that comes second take the
 * file for somebody else's. An empty file may be used by anybody.
 */
static long claim_file(int fd, const kernel_stat *st, bool launchers)
{
	const struct header ours = { RECORD_MAGIC, sizeof(struct record) };
	struct header there = { 0 };
	long n;

	if (!st->st_size) {
		n = sys(SYS_pwrite64, fd, &ours, sizeof(ours), SYS64_EVEN(0));
		return n < 0 ? n : n == sizeof(ours) ? 0 : -ENOSPC;
	}
	n = sys(SYS_pread64, fd, &there, sizeof(there), SYS64_EVEN(0));
	if (n < 0)
		return n;
	if (n != sizeof(there) || there.magic != ours.magic)
		return launchers ? -ENOENT : NOT_OURS;
	return there.size == ours.size ? 0 : NOT_OURS;
}

/* Beyond RLIMIT_FSIZE the kernel would not only fail, but send SIGXFSZ (setrlimit(2)). */
static bool too_large(void)
{
	struct kernel_rlimit limit;

	return !sys(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) &&
	       limit.current < sizeof(struct record);
}

/*
 * Gives the file its whole size, with the blocks for it where the file system can reserve them: in
 * a hole, a store through the mapping would end the program with SIGBUS when the disk is full.
 */
static long extend_file(int fd, const kernel_stat *st)
{
	const long size = sizeof(struct record);
	long err;

	if (st->st_size == size && st->st_blocks * 512 >= size)
		return 0;
	if (too_large())
		return -EFBIG;
	err = sys_fallocate(fd, 0, 0, size);
	if (err != -EOPNOTSUPP && err != -ENOSYS)
		return err;
	return st->st_size == size ? 0 : sys_ftruncate(fd, size);
}

/* Returns the mapping's address, a negative errno, or NOT_OURS. */
static long map_record(int fd, bool launchers)
{
	kernel_stat st;
	long err = sys_fstat(fd, &st);

	if (err)
		return err;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > sizeof(struct record) ||
	    (launchers && (uint64_t)st.st_size < sizeof(struct record)))
		return launchers ? -ENOENT : NOT_OURS;
	if (!st.st_size && too_large())
		return -EFBIG;
	err = claim_file(fd, &st, launchers);
	if (!err && !launchers)
		err = extend_file(fd, &st);
	if (err)
		return err;
	return sys_mmap(sizeof(struct record), PROT_READ | PROT_WRITE, MAP_SHARED, fd);
}

static struct record *open_record(const char *variable, const char *path)
{
	static const char end[] = "; nothing is recorded";
	/*
	 * The launcher's (config.c): it has its size and its header. A program that is started after the launcher's
	 * end must neither create it again nor use what has its name then, which may be a descriptor of another
	 * process.
	 */
	bool launchers = path[0] == '/' && path[1] == '/';
	/* NONBLOCK, NOCTTY: the name may be that of anything. */
	int fd = sys(SYS_openat, AT_FDCWD, path,
		     (launchers ? 0 : O_CREAT | O_NOFOLLOW) | O_RDWR | O_CLOEXEC | O_NONBLOCK |
			     O_NOCTTY,
		     0600);
	long got = fd < 0 ? fd : map_record(fd, launchers);
	const char *why;

	if (fd >= 0)
		sys(SYS_close, fd);
	if (got > NOT_OURS || !(got == NOT_OURS || sys_failed(got)))
		return (struct record *)got;
	if (launchers && got == -ENOENT)
		return NULL;
	if (got == NOT_OURS)
		why = "neither an empty file nor a record file of this version of dioshim";
	else
		why = strerrordesc_np ? strerrordesc_np((int)-got) : NULL;
	complain(variable, path, strlen(path), why ? why : "cannot be opened or mapped", end);
	return NULL;
}

void recording_start(const char *stats, const char *trace)
{
	if (stats)
		recording.stats = open_record("DIOSHIM_STATS", stats);
	if (trace && stats && !strcmp(stats, trace))
		recording.trace = recording.stats;
	else if (trace)
		recording.trace = open_record("DIOSHIM_TRACE", trace);
	if (recording.stats)
		record_hooks_install();
	recording.any = recording.stats ? recording.stats : recording.trace;
}
