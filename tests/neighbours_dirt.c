/*
 * Pages of a file that are not on the device. See neighbours.h.
 *
 * /proc/self/pagemap tells which page frame is behind a mapping of the file, and /proc/kpageflags
 * tells its flags (pagemap.rst in the kernel's documentation). Pages that are not in the page cache
 * are not read in for the check.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "neighbours.h"

enum { PAGE = 4096 };

/* tmpfs has no device, and pages written through ordinary descriptors may be dirty. */
static bool can_be_clean(int fd)
{
	struct statfs st;

	return !scene.ordinary && (scene.device || (!fstatfs(fd, &st) && st.f_type != TMPFS_MAGIC));
}

struct dirt dirt_open(const char *path, size_t len)
{
	struct dirt d = { .len = len };
	int fd = open_ordinary(path, 0);

	d.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	d.kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	d.known = d.pagemap >= 0 && d.kpageflags >= 0 && can_be_clean(fd) &&
		  sysconf(_SC_PAGESIZE) == PAGE;
	d.map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (d.map == MAP_FAILED)
		die("%s: mmap: %s", path, strerror(errno));
	/* Avoid large folios around the checked pages: other bytes would make them dirty, too. */
	madvise(d.map, len, MADV_RANDOM);
	close(fd);
	return d;
}

void dirt_close(struct dirt *d)
{
	close(d->pagemap);
	close(d->kpageflags);
	munmap(d->map, d->len);
}

/* Returns an entry of a table of 64-bit entries, or 0 if it cannot be read. */
static uint64_t entry_of(int table, uint64_t index)
{
	uint64_t entry = 0;
	off_t at = (off_t)(index * sizeof(entry));

	if (raw_pread(table, &entry, sizeof(entry), at) != sizeof(entry))
		return 0;
	return entry;
}

static bool page_is_dirty(const struct dirt *d, size_t page)
{
	const volatile unsigned char *address = d->map + page * PAGE;
	uint64_t entry, flags;

	(void)*address;
	entry = entry_of(d->pagemap, (uintptr_t)address / PAGE);
	if (!(entry >> 63))
		return false;
	flags = entry_of(d->kpageflags, entry & ((1ULL << 55) - 1));
	return flags & (1ULL << KPF_DIRTY | 1ULL << KPF_WRITEBACK);
}

unsigned dirt_in(const struct dirt *d, size_t pos, size_t len)
{
	size_t first = pos / PAGE;
	size_t end = (pos + len + PAGE - 1) / PAGE;
	unsigned dirty = 0;

	for (size_t page = first; d->known && page < end; page++) {
		unsigned char resident = 0;

		if (!mincore(d->map + page * PAGE, 1, &resident) && resident & 1)
			dirty += page_is_dirty(d, page);
	}
	return dirty;
}
