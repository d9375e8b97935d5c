/* Whether a file has its blocks where a write will put them. See mapped.h. */
#include "mapped.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <string.h>

#include "sys.h"

/* A range in more extents than this is taken for one that may need space. */
enum { EXTENTS = 4 };

struct extents {
	struct fiemap head;
	struct fiemap_extent extent[EXTENTS];
};

static bool in_place(const struct fiemap_extent *e)
{
	return !(e->fe_flags & ~(uint32_t)(FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED));
}

bool mapped_in_place(int fd, uint64_t start, uint64_t end)
{
	struct extents map;
	uint64_t at = start;

	/* The kernel fills in the extents, and only those are read. */
	memset(&map.head, 0, sizeof(map.head));
	map.head.fm_start = start;
	map.head.fm_length = end - start;
	map.head.fm_extent_count = EXTENTS;
	if (sys(SYS_ioctl, fd, FS_IOC_FIEMAP, &map))
		return false;
	for (uint32_t i = 0; i < map.head.fm_mapped_extents && i < EXTENTS && at < end; i++) {
		const struct fiemap_extent *e = &map.extent[i];

		if (e->fe_logical > at || !in_place(e))
			return false;
		at = e->fe_logical + e->fe_length;
	}
	return at >= end;
}
