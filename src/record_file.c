/* Files in a record file. See record_file.h. */
#include "record_file.h"

#include <fcntl.h>
#include <string.h>

#include "descriptor.h"
#include "hint.h"
#include "recording.h"
#include "refused.h"
#include "sys64.h"

/* How far from its own place one may be. This limits what a call costs; tables that half are free need a few. */
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

	if (sys_fstat(fd, &st) || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
		return false;
	*id = (struct identity){ st.st_dev, st.st_ino, S_ISBLK(st.st_mode) };
	return true;
}

/* Mixes both numbers into all bits. */
static uint64_t hash_of(const struct identity *id)
{
	uint64_t x = id->inode + id->device * UINT64_C(0xbf58476d1ce4e5b9);

	x = (x ^ x >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	return x ^ x >> 32;
}

static _Atomic uint32_t *place_of(struct record *rec, const struct identity *id, unsigned n)
{
	return &rec->place[(hash_of(id) + n) % RECORD_PLACES];
}

/* Returns the entry to which a place leads; null if the place is free. */
static struct record_file *file_at(struct record *rec, const _Atomic uint32_t *place)
{
	uint32_t number = atomic_load_explicit(place, memory_order_acquire);

	return number && number <= RECORD_FILES ? &rec->file[number - 1] : NULL;
}

static bool is_file_of(const struct record_file *f, const struct identity *id)
{
	return f->device == id->device && f->inode == id->inode;
}

static void fill_entry(struct record_file *f, const struct identity *id, int fd, const char *path)
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

/* Takes a new entry. Returns null if there is none left. */
static struct record_file *take_entry(struct record *rec)
{
	uint64_t n = atomic_load_explicit(&rec->files, memory_order_relaxed);

	while (n < RECORD_FILES)
		if (atomic_compare_exchange_weak(&rec->files, &n, n + 1))
			return &rec->file[n];
	return NULL;
}

/* Gives it back, unless others have been taken since; then it stays unused. */
static void return_entry(struct record *rec, struct record_file *f)
{
	uint64_t n = (uint64_t)(f - rec->file) + 1;

	atomic_store_explicit(&f->state, RECORD_FREE, memory_order_relaxed);
	atomic_compare_exchange_strong(&rec->files, &n, n - 1);
}

/*
 * Makes an entry, and then a place that leads to it, so that who finds the place finds a complete entry. If another
 * thread or process makes one for the same file meanwhile, its entry is the one.
 */
static struct record_file *add_file(struct record *rec, const struct identity *id, int fd)
{
	struct record_file *f = take_entry(rec);
	char path[RECORD_PATH];

	if (!f)
		return NULL;
	path_of(fd, path);
	fill_entry(f, id, fd, path);
	for (unsigned n = 0; n < PROBES; n++) {
		_Atomic uint32_t *at = place_of(rec, id, n);
		struct record_file *there = file_at(rec, at);
		uint32_t number = 0;

		if (!there &&
		    atomic_compare_exchange_strong(at, &number, (uint32_t)(f - rec->file) + 1))
			return f;
		there = file_at(rec, at);
		if (there && is_file_of(there, id)) {
			return_entry(rec, f);
			return there;
		}
	}
	return_entry(rec, f);
	return NULL;
}

static struct record_file *find_file(struct record *rec, const struct identity *id)
{
	for (unsigned n = 0; n < PROBES; n++) {
		struct record_file *f = file_at(rec, place_of(rec, id, n));

		if (!f || is_file_of(f, id))
			return f;
	}
	return NULL;
}

/* Notes one of the files without an entry, if there is room. */
static void note_other(struct record *rec, const struct identity *id)
{
	const uint64_t number = hash_of(id) | 1;

	for (unsigned n = 0; n < PROBES; n++) {
		_Atomic uint64_t *at = &rec->other_file[(number + n) % RECORD_OTHERS];
		uint64_t there = atomic_load_explicit(at, memory_order_relaxed);

		if (!there && atomic_compare_exchange_strong(at, &there, number))
			return;
		/* Also if another has just noted it: then the exchange has failed, and told what is there. */
		if (there == number)
			return;
	}
}

struct record_file *record_file(struct record *rec, const struct identity *id, int fd)
{
	struct record_file *f = find_file(rec, id);

	if (!f)
		f = add_file(rec, id, fd);
	if (f)
		return f;
	note_other(rec, id);
	return &rec->other;
}

bool record_file_is_other(const struct record *rec, const struct record_file *f)
{
	return f == &rec->other;
}

/* Returns whether one of the record files has an entry for the file. */
static bool is_used_directly(const struct identity *id)
{
	for (const struct recording_to *to = recording.to; to->rec; to++)
		if (find_file(to->rec, id))
			return true;
	return false;
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
	if (direct)
		for (const struct recording_to *to = recording.to; to->rec; to++)
			if (to->stats)
				count_open(to->rec, fd);
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
	uint64_t ended = recording_buffered_ended();
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	if (flags < 0)
		return SEEN_ORDINARY;
	if (flags & O_DIRECT)
		return SEEN_DIRECT;
	return recording_buffered_begun() == ended ? SEEN_ORDINARY : SEEN_NEVER;
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

	/* To the program it is direct. */
	if (unlikely(refused_buffered) && seen != SEEN_DIRECT && refused_is(fd))
		return record_identify(fd, id);
	if (seen != SEEN_ORDINARY && !record_identify(fd, id))
		return false;
	if (seen == SEEN_NEVER) {
		if (!is_used_directly(id))
			return false;
		seen = look_longer(fd);
	}
	remember_seen(fd, seen);
	return seen == SEEN_DIRECT;
}
