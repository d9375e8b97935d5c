/* What a descriptor refers to. See descriptor.h. */
#include "descriptor.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "hint.h"
#include "statx.h"
#include "sys64.h"

enum {
	/*
	 * Not STATX_BASIC_STATS, which includes the times: since Linux 6.13 the next write would
	 * then have to give the file a new time, and on XFS to log it (fill_mg_cmtime(),
	 * fs/stat.c).
	 */
	MASK_WANTED = MASK_TYPE | MASK_MODE | MASK_SIZE | MASK_INO | MASK_DIOALIGN |
		      MASK_DIO_READ_ALIGN,

	/* Guesses start here, because no device accepts less, and end at or above the last. */
	GUESS_FIRST = 512,
	GUESS_LAST = 65536,
	GUESS_SAFE = 4096, /* the largest sector */

	BLOCK_MAX = 65536, /* the largest of a file system that Linux mounts (XFS) */
};

static bool power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/*
 * statx(2), or as much of it as fstat(2) supplies: on an old kernel, or with a container's
 * seccomp filter.
 */
static bool look_by_statx(int fd, struct kernel_statx *sx)
{
	kernel_stat st;

	memset(sx, 0, sizeof(*sx));
	if (!sys(SYS_statx, fd, "", AT_EMPTY_PATH, MASK_WANTED, sx))
		return true;
	if (sys_fstat(fd, &st))
		return false;
	sx->mode = st.st_mode;
	sx->size = st.st_size;
	sx->blksize = st.st_blksize;
	sx->ino = st.st_ino;
	sx->dev_major = major(st.st_dev);
	sx->dev_minor = minor(st.st_dev);
	sx->rdev_major = major(st.st_rdev);
	sx->rdev_minor = minor(st.st_rdev);
	return true;
}

/* Stores the alignments that the kernel reports. 0, or no power of two, means unknown. */
static bool known_alignments(const struct kernel_statx *sx, bool write, struct dio_align *align)
{
	uint32_t off = sx->dio_offset_align;

	if (!(sx->mask & MASK_DIOALIGN))
		return false;
	if (!write && (sx->mask & MASK_DIO_READ_ALIGN) && sx->dio_read_offset_align)
		off = sx->dio_read_offset_align;
	if (!power_of_two(off) || !power_of_two(sx->dio_mem_align))
		return false;
	align->offset = off;
	align->mem = sx->dio_mem_align;
	return true;
}

static void guess_alignments(int fd, struct descriptor *d)
{
	int sector = 0;

	if (d->block_device && !sys(SYS_ioctl, fd, BLKSSZGET, &sector) && power_of_two(sector)) {
		d->align.offset = sector;
		d->align.mem = sector;
		d->known = true;
		return;
	}
	d->align.offset = max_u32(hint_off(fd), GUESS_FIRST);
	d->align.mem = d->align.offset;
}

/*
 * Sets the block that a direct write and a buffered one must not share. Nothing is written to a
 * block device through the page cache, so there the sector is enough, unless the device cannot be
 * read through this descriptor (sector.h).
 */
static void set_block(int fd, struct descriptor *d, uint32_t blksize)
{
	kernel_statfs fs;

	d->align.block = d->align.offset;
	if (d->block_device && (d->flags & O_ACCMODE) != O_WRONLY)
		return;
	d->align.block = max_u32(d->align.block, getpagesize());
	if (d->block_device)
		return;
	/*
	 * st_blksize is the block of most file systems. It may also be a preferred transfer size,
	 * on network file systems and on XFS with the options largeio and allocsize; so one that is
	 * larger than a page is checked with fstatfs(2).
	 */
	if (blksize > d->align.block && !sys_fstatfs(fd, &fs))
		blksize = (uint32_t)fs.f_bsize;
	if (power_of_two(blksize) && blksize <= BLOCK_MAX)
		d->align.block = max_u32(d->align.block, blksize);
}

/*
 * Returns the file as a number. Two files may have the same number, and then wait for each other.
 */
static uint64_t file_of(const struct kernel_statx *sx)
{
	uint64_t device = makedev(sx->dev_major, sx->dev_minor);

	if (S_ISBLK(sx->mode))
		return makedev(sx->rdev_major, sx->rdev_minor) | UINT64_C(1) << 63;
	return ((device * 31 + sx->ino) * UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

#ifndef EXFAT_SUPER_MAGIC /* older headers */
#define EXFAT_SUPER_MAGIC 0x2011BAB0
#endif

/* Which kinds refuse misaligned requests: vfat and exfat, and the others before Linux 6.1. */
static bool refuses_misaligned(const kernel_statfs *fs)
{
	switch ((uint32_t)fs->f_type) {
	case EXT4_SUPER_MAGIC: /* and that of ext2 and ext3 */
	case XFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case MSDOS_SUPER_MAGIC:
	case EXFAT_SUPER_MAGIC:
	case OVERLAYFS_SUPER_MAGIC: /* over one of these, perhaps */
		return true;
	default:
		return false;
	}
}

/* struct dioattr of XFS_IOC_DIOINFO (ioctl_xfs_fsgetxattr(2) has its neighbours); in bytes. */
struct xfs_dioattr {
	uint32_t mem, least, most;
};

#define XFS_DIOINFO _IOR('X', 30, struct xfs_dioattr)

static bool xfs_alignments(int fd, struct dio_align *align)
{
	struct xfs_dioattr attr = { 0 };

	if (sys(SYS_ioctl, fd, XFS_DIOINFO, &attr) || !power_of_two(attr.mem) ||
	    !power_of_two(attr.least))
		return false;
	align->mem = attr.mem;
	align->offset = attr.least;
	return true;
}

/* Where no alignments are reported, the kind of file system has to tell. XFS also knows what it requires. */
static void ask_file_system(int fd, struct descriptor *d)
{
	kernel_statfs fs;

	if (sys_fstatfs(fd, &fs))
		return;
	d->strict = refuses_misaligned(&fs);
	if ((uint32_t)fs.f_type == XFS_SUPER_MAGIC)
		d->known = xfs_alignments(fd, &d->align);
}

bool descriptor_look(int fd, bool write, struct descriptor *d)
{
	struct kernel_statx sx;
	long flags = sys(SYS_fcntl, fd, F_GETFL);

	d->flags = (int)flags;
	if (flags < 0 || !look_by_statx(fd, &sx) || !(S_ISREG(sx.mode) || S_ISBLK(sx.mode)))
		return false;
	*d = (struct descriptor){
		.flags = flags,
		.block_device = S_ISBLK(sx.mode),
		.size = sx.size,
		.file = file_of(&sx),
	};
	/* The size of a device's inode is not the device's. */
	if (d->block_device && sys(SYS_ioctl, fd, BLKGETSIZE64, &d->size))
		return false;
	d->known = known_alignments(&sx, write, &d->align);
	if (!d->known)
		guess_alignments(fd, d);
	d->strict = d->known;
	/* "None" is an answer, too. */
	if (!d->known && !(sx.mask & MASK_DIOALIGN))
		ask_file_system(fd, d);
	set_block(fd, d, sx.blksize);
	return true;
}

/* A smaller guess that has worked proves nothing: the blocks of a write are aligned to a page. */
bool descriptor_expect(struct descriptor *d)
{
	if (!d->known && d->align.offset < GUESS_SAFE)
		d->align.offset = d->align.mem = GUESS_SAFE;
	return d->strict;
}

bool descriptor_look_ahead(int fd, bool write, struct descriptor *d)
{
	return descriptor_look(fd, write, d) && descriptor_expect(d);
}

uint64_t descriptor_file(int fd)
{
	struct kernel_statx sx;

	if (!look_by_statx(fd, &sx) || !(S_ISREG(sx.mode) || S_ISBLK(sx.mode)))
		return 0;
	return file_of(&sx);
}

void descriptor_look_size(int fd, struct descriptor *d)
{
	struct kernel_statx sx;

	if (!d->block_device && look_by_statx(fd, &sx))
		d->size = sx.size;
}

bool descriptor_guess_more(struct descriptor *d)
{
	if (d->known || d->align.offset >= GUESS_LAST)
		return false;
	d->align.offset *= 8;
	d->align.mem = d->align.offset;
	d->align.block = max_u32(d->align.block, d->align.offset);
	return true;
}
