/* Files in a record file. See record_file.h. */
#include "record_file.h"

#include <fcntl.h>
#include <string.h>

#include "descriptor.h"
#include "hint.h"
#include "recording.h"
#include "sys64.h"

/*
 * How far from its own place an entry may be. This limits what a call costs when the table is full,
 * and matters only when more than nine tenths of it are taken.
 */
enum { PROBES = 256 };

/* What a descriptor number was at the last reliable look. Only a hint, like hint.h. */
enum seen { SEEN_NEVER, SEEN_DIRECT, SEEN_ORDINARY };

static _Atomic uint8_t seen_table[HINT_FDS];

static enum seen seen_last(int fd)
{
	return (unsigned)fd < HINT_FDS ? atomic_load_explicit(&seen_table[fd], memory_order_relaxed)
				       : SEEN_NEVER;
}

static void remember_seen(int fd, enum seen seen)
{
	if ((unsigned)fd < HINT_FDS && seen_last(fd) != seen)
		atomic_store_explicit(&seen_table[fd], seen, memory_order_relaxed);
}

bool record_identify(int fd, struct identity *id)
{
	kernel_stat st;

	if (sys_fstat(fd, &st) ||
	    !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return false;
	*id = (struct identity){ st.st_dev, st.st_ino, S_ISBLK(st.st_mode) };
	return true;
}

static struct record_file *file_place(struct record *rec, const struct identity *id, unsigned n)
{
	uint64_t hash = (id->inode * 31 + id->device) * UINT64_C(0x9e3779b97f4a7c15);

	return &rec->file[((hash >> 32) + n) % RECORD_FILES];
}

/*
 * An entry that is only claimed is another thread's, or of one that was killed while it filled it
 * in.
 */
static bool is_file_of(const struct record_file *f, const struct identity *id)
{
	return atomic_load_explicit(&f->state, memory_order_acquire) == RECORD_READY &&
	       f->device == id->device && f->inode == id->inode;
}

static void fill_place(struct record_file *f, const struct identity *id, int fd, const char *path)
{
	struct descriptor d;

	f->block_device = id->block_device;
	f->device = id->device;
	f->inode = id->inode;
	memcpy(f->path, path, RECORD_PATH);
	if (descriptor_look(fd, true, &d) && d.known) {
		f->mem_align = d.align.mem;
		f->offset_align = d.align.offset;
	}
	atomic_store_explicit(&f->state, RECORD_READY, memory_order_release);
}

/*
 * Reads the link "/proc/thread-self/fd/N": not /proc/self, for a thread may have a table of its own
 * (unshare(2)).
 */
static void path_of(int fd, char path[RECORD_PATH])
{
	char link[40] = "/proc/thread-self/fd/";
	char digits[12];
	char *to = link + strlen(link);
	int n = 0;
	long len;

	do
		digits[n++] = (char)('0' + fd % 10);
	while (fd /= 10);
	while (n)
		*to++ = digits[--n];
	*to = 0;
	len = sys(SYS_readlinkat, AT_FDCWD, link, path, (long)RECORD_PATH - 1);
	memset(path + (len > 0 ? len : 0), 0, RECORD_PATH - (len > 0 ? len : 0));
}

/*
 * Claims the first free entry. Two threads that do so at once for one file get two entries, and so
 * does one that passes an entry that is only claimed: a reader adds up those with the same device
 * and inode.
 */
static struct record_file *add_file(struct record *rec, const struct identity *id, int fd)
{
	char path[RECORD_PATH];

	path_of(fd, path);
	for (unsigned n = 0; n < PROBES; n++) {
		struct record_file *f = file_place(rec, id, n);
		uint32_t state = RECORD_FREE;

		if (is_file_of(f, id))
			return f;
		if (atomic_load(&f->state) == RECORD_FREE &&
		    atomic_compare_exchange_strong(&f->state, &state, RECORD_CLAIMED)) {
			fill_place(f, id, fd, path);
			return f;
		}
	}
	return NULL;
}

static struct record_file *find_file(struct record *rec, const struct identity *id, bool *full)
{
	*full = false;
	for (unsigned n = 0; n < PROBES; n++) {
		struct record_file *f = file_place(rec, id, n);

		if (is_file_of(f, id))
			return f;
		if (atomic_load_explicit(&f->state, memory_order_relaxed) == RECORD_FREE)
			return NULL;
	}
	*full = true;
	return NULL;
}

struct record_file *record_file(struct record *rec, const struct identity *id, int fd)
{
	bool full;
	struct record_file *f = find_file(rec, id, &full);

	return f || full ? f : add_file(rec, id, fd);
}

/* `fd`: -1 with errno if the open failed. */
static void count_open(struct record *rec, int fd)
{
	if (fd >= 0)
		atomic_fetch_add_explicit(&rec->opened, 1, memory_order_relaxed);
	else if (errno == EINVAL)
		atomic_fetch_add_explicit(&rec->not_opened, 1, memory_order_relaxed);
}

void record_opened(int fd, bool direct)
{
	if (direct && recording.stats)
		count_open(recording.stats, fd);
	remember_seen(fd, direct ? SEEN_DIRECT : SEEN_ORDINARY);
}

void record_duplicated(int from, int to)
{
	remember_seen(to, seen_last(from));
}

void record_closes(int fd)
{
	remember_seen(fd, SEEN_NEVER);
}

/*
 * Looks at the flags. O_DIRECT may be off for the duration of another thread's or process's call
 * (buffered.c); if no such call was in progress while we looked, what we saw is true.
 */
static enum seen look_at_flags(int fd)
{
	uint64_t ended = atomic_load(&recording.any->buffered_ended);
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	if (flags < 0)
		return SEEN_ORDINARY;
	if (flags & O_DIRECT)
		return SEEN_DIRECT;
	return atomic_load(&recording.any->buffered_begun) == ended ? SEEN_ORDINARY : SEEN_NEVER;
}

/*
 * For a look during such a call, at a file that is used directly. Returns what the number last was.
 * If it was never seen, looks again, and finally assumes O_DIRECT: a process may have been killed
 * in such a call.
 */
static enum seen look_longer(int fd)
{
	enum { TRIES = 1000 };
	enum seen seen = seen_last(fd);

	for (int i = 0; i < TRIES && seen == SEEN_NEVER; i++) {
		sys(SYS_sched_yield);
		seen = look_at_flags(fd);
	}
	return seen == SEEN_NEVER ? SEEN_DIRECT : seen;
}

bool record_direct(int fd, struct identity *id)
{
	enum seen seen = look_at_flags(fd);
	bool full;

	if (seen != SEEN_ORDINARY && !record_identify(fd, id))
		return false;
	if (seen == SEEN_NEVER) {
		if (!find_file(recording.any, id, &full))
			return false;
		seen = look_longer(fd);
	}
	remember_seen(fd, seen);
	return seen == SEEN_DIRECT;
}
