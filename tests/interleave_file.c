/* The files of a scenario. See interleave_file.h. */
#include "interleave_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stress_util.h"
#include "raw.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

/* As in linux/mman.h of Linux 6.5. */
struct cache_range {
	uint64_t start, len;
};
struct cache_counts {
	uint64_t cached, dirty, written_back, evicted, recently_evicted;
};

static bool count_pages(const struct file *f, uint64_t start, uint64_t len,
			struct cache_counts *counts)
{
	const struct cache_range range = { start, len };

	*counts = (struct cache_counts){ 0 };
	return !raw_syscall(SYS_cachestat, f->plain, &range, counts, 0);
}

bool file_pages_known(void)
{
	return raw_syscall(SYS_cachestat, -1, NULL, NULL, 0) && errno != ENOSYS && errno != EPERM;
}

unsigned file_dirty_pages(const struct file *f, uint64_t start, uint64_t len)
{
	struct cache_counts counts;

	if (!count_pages(f, start, len, &counts))
		die("%s: cachestat: %s", f->path, strerror(errno));
	return (unsigned)(counts.dirty + counts.written_back);
}

unsigned file_cached_pages(const struct file *f, uint64_t start, uint64_t len)
{
	struct cache_counts counts;

	if (!count_pages(f, start, len, &counts))
		die("%s: cachestat: %s", f->path, strerror(errno));
	return (unsigned)counts.cached;
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

void file_open(struct file *f, const char *path, size_t size, bool device, char letter)
{
	*f = (struct file){ .path = path, .size = size, .device = device, .letter = letter };
	f->plain = open_or_die(path, device ? 0 : O_CREAT);
	f->direct = open_or_die(path, O_DIRECT);
	f->bytes = page_memory(FILE_ROOM);
}

void file_close(struct file *f)
{
	close(f->plain);
	close(f->direct);
	page_memory_free(f->bytes, FILE_ROOM);
	if (!f->device)
		unlink(f->path);
}

size_t file_size(const struct file *f)
{
	struct stat st;

	if (fstat(f->plain, &st))
		die("%s: %s", f->path, strerror(errno));
	return f->device ? f->size : (size_t)st.st_size;
}

static size_t whole_pages(size_t len)
{
	return (len + PAGE - 1) / PAGE * PAGE;
}

/* Writes directly, so that nothing is left in the page cache. */
static void fill(struct file *f)
{
	size_t len = whole_pages(f->size);

	memset(f->bytes, f->letter, len);
	if (len && raw_pwrite(f->direct, f->bytes, len, 0) != (ssize_t)len)
		die("%s: %s", f->path, strerror(errno));
	if (!f->device && len != f->size && ftruncate(f->plain, (off_t)f->size))
		die("%s: %s", f->path, strerror(errno));
}

void file_reset(struct file *f)
{
	if (file_size(f) != f->size && ftruncate(f->plain, 0))
		die("%s: %s", f->path, strerror(errno));
	fill(f);
	/* Truncating within a page leaves this page dirty in the page cache. */
	if (f->size % PAGE && file_sync(f))
		die("%s: %s", f->path, strerror(errno));
	posix_fadvise(f->plain, 0, f->device ? (off_t)f->size : 0, POSIX_FADV_DONTNEED);
}

static long bytes_of(struct file *f, int fd)
{
	size_t len = whole_pages(file_size(f));
	ssize_t n = raw_pread(fd, f->bytes, len < FILE_ROOM ? len : FILE_ROOM, 0);

	if (n < 0)
		return -errno;
	return f->device && (size_t)n > f->size ? (long)f->size : n;
}

long file_cached_bytes(struct file *f)
{
	return bytes_of(f, f->plain);
}

long file_device_bytes(struct file *f)
{
	return bytes_of(f, f->direct);
}

long file_stored_bytes(struct file *f)
{
	if (fdatasync(f->plain))
		return -errno;
	posix_fadvise(f->plain, 0, 0, POSIX_FADV_DONTNEED);
	return file_cached_bytes(f);
}

bool file_is_cached(const struct file *f)
{
	struct cache_counts counts;

	return !count_pages(f, 0, 0, &counts) || counts.cached;
}

/*
 * fsync(2) would give the same answer but take ten times as long, because it waits for the journal
 * and flushes the device's cache.
 */
int file_sync(const struct file *f)
{
	return sync_file_range(f->plain, 0, 0,
			       SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				       SYNC_FILE_RANGE_WAIT_AFTER)
		       ? -errno
		       : 0;
}
