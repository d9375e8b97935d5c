/*
 * Makes test calls one at a time, and finds out from the page cache whether each was direct or
 * buffered. See probe_call.h.
 *
 * Writes: the pages of the file are first read into the page cache and mapped here. A direct write
 * then invalidates them, mapped or not, so that later reads are not stale
 * (invalidate_inode_pages2_range()). A buffered write updates them, and they stay. mincore(2) tells
 * which of the two happened. The mapping matters: some file systems that fall back to a buffered
 * write drop its pages at the end (btrfs, ext4), but only pages that nobody has mapped
 * (invalidate_mapping_pages()). The result is wrong only if memory runs so low in between that the
 * pages are reclaimed, or on a file system whose direct writes leave stale pages in the cache.
 *
 * Reads: if pages enter the page cache with the call, it was buffered; if none do, it was direct.
 * Nothing can be told if pages were there before. They are not evicted, because others may use
 * them.
 */
#include "probe/probe_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sys.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

bool probe_scene_open(struct probe_scene *s, int fd, bool write, size_t span)
{
	void *mapping = mmap(NULL, 2 * span, PROT_READ, MAP_SHARED, fd, 0);

	*s = (struct probe_scene){ .fd = fd, .write = write, .span = span };
	s->mapping = mapping == MAP_FAILED ? NULL : mapping;
	s->buffer = aligned_alloc(span, 2 * span);
	if (s->buffer)
		memset(s->buffer, 0, 2 * span);
	else
		probe_scene_close(s);
	return s->buffer;
}

void probe_scene_close(struct probe_scene *s)
{
	if (s->mapping)
		munmap(s->mapping, 2 * s->span);
	free(s->buffer);
}

/* Returns how many pages of the first `span` bytes are in the page cache; -1 if that is unknown. */
static long cached_pages(const struct probe_scene *s)
{
	size_t pages = s->span / (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *in_cache = malloc(pages);
	long count = 0;

	if (!in_cache || !s->mapping || mincore(s->mapping, s->span, in_cache))
		count = -1;
	else
		for (size_t i = 0; i < pages; i++)
			count += in_cache[i] & 1;
	free(in_cache);
	return count;
}

static long all_pages(const struct probe_scene *s)
{
	return (long)(s->span / (size_t)sysconf(_SC_PAGESIZE));
}

/* Returns whether the page cache is in a state from which the way of the next call can be told. */
static bool prepare(const struct probe_scene *s)
{
	if (!s->write)
		return !cached_pages(s);
	/* Touching the pages instead would raise SIGBUS on a read error. */
	return s->mapping && !madvise(s->mapping, s->span, MADV_POPULATE_READ) &&
	       cached_pages(s) == all_pages(s);
}

static enum probe_way way_of(const struct probe_scene *s)
{
	long cached = cached_pages(s);

	if (cached < 0)
		return PROBE_TAKEN;
	if (!cached)
		return PROBE_DIRECT;
	return cached == all_pages(s) || !s->write ? PROBE_BUFFERED : PROBE_MIXED;
}

/*
 * Past the C library: the launcher may itself run under the shim, which would make any call succeed.
 */
static struct probe_answer try_call(const struct probe_scene *s, size_t shift, size_t len,
				    off_t pos)
{
	bool prepared = prepare(s);
	long nr = s->write ? SYS_pwrite64 : SYS_pread64;
	long ret = sys(nr, s->fd, s->buffer + shift, len, pos);

	if (ret < 0)
		return (struct probe_answer){ .way = PROBE_REFUSED, .error = (int)-ret };
	if (ret != (long)len)
		return (struct probe_answer){ .way = PROBE_SHORT };
	return (struct probe_answer){ .way = prepared ? way_of(s) : PROBE_TAKEN };
}

void probe_call_all(const struct probe_scene *s, struct probe *p)
{
	p->aligned = try_call(s, 0, s->span, 0);
	p->address = try_call(s, 1, s->span, 0);
	p->offset = try_call(s, 0, s->span - 2, 1);
}
