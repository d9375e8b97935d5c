/*
 * The record files of this process. See recording.h.
 *
 * Raw system calls, since this runs before the program and perhaps before other libraries are
 * ready. A failure costs the record and a line on stderr, never the program.
 */
#include "recording.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "complain.h"
#include "next.h"
#include "record_hooks.h"
#include "sys64.h"

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
	struct kernel_rlimit limit = { 0 };

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
	if ((uint64_t)st.st_size < sizeof(struct record) && too_large())
		return -EFBIG;
	err = claim_file(fd, &st, launchers);
	if (!err && !launchers)
		err = extend_file(fd, &st);
	if (err)
		return err;
	return sys_mmap(sizeof(struct record), PROT_READ | PROT_WRITE, MAP_SHARED, fd);
}

/* strerrordesc_np(3), glibc 2.32, does not allocate or translate. Returns null without it. */
static const char *error_text(int err)
{
	struct next_name found = { .name = "strerrordesc_np" };

	next_find(&found, 1);
	return found.at ? ((const char *(*)(int))found.at)(err) : NULL;
}

/* A name in a list of names. */
struct name {
	const char *variable;
	const char *text; /* `length` bytes of it */
	size_t length;
};

static void say_why(const struct name *name, const char *why)
{
	complain(name->variable, name->text, name->length, why ? why : "cannot be opened or mapped",
		 "; nothing is recorded");
}

static struct record *open_record(const struct name *name)
{
	/*
	 * The launcher's (config.c): it has its size and its header. A program that is started after the launcher's
	 * end must neither create it again nor use what has its name then, which may be a descriptor of another
	 * process.
	 */
	bool launchers = name->length > 1 && name->text[0] == '/' && name->text[1] == '/';
	char path[PATH_MAX];
	const char *why;
	long got;
	int fd;

	if (name->length >= sizeof(path)) {
		say_why(name, "File name too long");
		return NULL;
	}
	memcpy(path, name->text, name->length);
	path[name->length] = 0;
	/* NONBLOCK, NOCTTY: the name may be that of anything. */
	fd = sys(SYS_openat, AT_FDCWD, path,
		 (launchers ? 0 : O_CREAT | O_NOFOLLOW) | O_RDWR | O_CLOEXEC | O_NONBLOCK |
			 O_NOCTTY,
		 0600);
	got = fd < 0 ? fd : map_record(fd, launchers);
	if (fd >= 0)
		sys(SYS_close, fd);
	if (got > NOT_OURS || !(got == NOT_OURS || sys_failed(got)))
		return (struct record *)got;
	/* EPERM: the launcher has found nobody who maps it, and has sealed it (launcher/run/left.c). */
	if (launchers && (got == -ENOENT || got == -EPERM))
		return NULL;
	if (got == NOT_OURS)
		why = "neither an empty file nor a record file of this version of dioshim";
	else
		why = error_text((int)-got);
	say_why(name, why);
	return NULL;
}

/* A colon belongs to a name unless a slash follows it. */
static size_t name_length(const char *list)
{
	const char *end = strstr(list, ":/");

	return end ? (size_t)(end - list) : strlen(list);
}

/* The names so far. */
struct names {
	struct name name[2 * RECORDINGS];
	struct recording_to *to[2 * RECORDINGS]; /* null: it could not be used, which was said */
	int count;
};

static bool same_name(const struct name *a, const struct name *b)
{
	return a->length == b->length && !memcmp(a->text, b->text, a->length);
}

/* Opens a file, and gives it the next place in the list. Returns null if there is none left, or no record. */
static struct recording_to *open_next(const struct name *name)
{
	struct recording_to *to = recording.to;

	while (to->rec)
		to++;
	if (to == recording.to + RECORDINGS) {
		say_why(name, "there are too many record files");
		return NULL;
	}
	to->rec = open_record(name);
	return to->rec ? to : NULL;
}

/* The same, but once for each name. */
static struct recording_to *place_of(const struct name *name, struct names *so_far)
{
	struct recording_to *to;

	for (int i = 0; i < so_far->count; i++)
		if (same_name(&so_far->name[i], name))
			return so_far->to[i];
	to = open_next(name);
	if (so_far->count < 2 * RECORDINGS) {
		so_far->name[so_far->count] = *name;
		so_far->to[so_far->count++] = to;
	}
	return to;
}

static void open_list(const char *variable, const char *list, bool stats, bool trace,
		      struct names *so_far)
{
	while (*list) {
		struct name name = { variable, list, name_length(list) };
		struct recording_to *to = place_of(&name, so_far);

		if (to) {
			to->stats |= stats;
			to->trace |= trace;
		}
		list += name.length;
		list += *list == ':';
	}
}

void recording_start(const char *stats, const char *trace, const char *names)
{
	struct names so_far = { 0 };

	if (stats)
		open_list("DIOSHIM_STATS", stats, true, false, &so_far);
	if (trace)
		open_list("DIOSHIM_TRACE", trace, false, true, &so_far);
	if (names)
		open_list("DIOSHIM_REFUSED_RECORD", names, false, false, &so_far);
	for (const struct recording_to *to = recording.to; to->rec; to++) {
		recording.stats |= to->stats;
		recording.any |= to->stats || to->trace;
	}
	if (recording.stats)
		record_hooks_install();
}

uint64_t recording_buffered_begun(void)
{
	uint64_t all = 0;

	for (const struct recording_to *to = recording.to; to->rec; to++)
		all += atomic_load(&to->rec->buffered_begun);
	return all;
}

uint64_t recording_buffered_ended(void)
{
	uint64_t all = 0;

	for (const struct recording_to *to = recording.to; to->rec; to++)
		all += atomic_load(&to->rec->buffered_ended);
	return all;
}

void recording_count_begin(void)
{
	for (const struct recording_to *to = recording.to; to->rec; to++)
		atomic_fetch_add(&to->rec->buffered_begun, 1);
}

void recording_count_end(void)
{
	for (const struct recording_to *to = recording.to; to->rec; to++)
		atomic_fetch_add(&to->rec->buffered_ended, 1);
}
