/* Asks the kernel about a path. See probe_look.h. */
#include "probe/probe_look.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"
#include "probe/probe_mount.h"

int probe_statx(int fd, const char *path, int flags, struct kernel_statx *sx)
{
	const unsigned mask = MASK_BASIC | MASK_MNT_ID | MASK_DIOALIGN | MASK_WRITE_ATOMIC |
			      MASK_DIO_READ_ALIGN;

	memset(sx, 0, sizeof(*sx));
	return syscall(SYS_statx, fd, path, flags, mask, sx) ? errno : 0;
}

void probe_alignments(const struct kernel_statx *sx, struct probe *p)
{
	if (sx->mask & MASK_WRITE_ATOMIC) {
		p->atomic_min = sx->atomic_min;
		p->atomic_max = sx->atomic_max;
		p->atomic_segments = sx->atomic_segments;
	}
	/* 0 means that reads have the alignment of dio_offset_align (statx(2)). */
	if ((sx->mask & MASK_DIO_READ_ALIGN) && sx->dio_read_offset_align)
		p->read_offset_align = sx->dio_read_offset_align;
	if (!(sx->mask & MASK_DIOALIGN))
		return;
	p->mem_align = sx->dio_mem_align;
	p->offset_align = sx->dio_offset_align;
	if (!p->mem_align || !p->offset_align)
		probe_note(p, "the kernel reports no support for direct I/O");
}

/* Returns the directory that `path` is in, or would be in, to be freed. */
static char *directory_of(const char *path)
{
	char *copy = alloc_string(path);
	char *directory = alloc_string(dirname(copy));

	free(copy);
	return directory;
}

/*
 * Returns the directory of an existing file, or NULL if a new file there would be on another
 * device: the file may be a mount point itself. Symbolic links are resolved first.
 */
static char *directory_beside(const char *path, const struct kernel_statx *file)
{
	char *real = realpath(path, NULL);
	struct kernel_statx sx;
	char *directory;

	if (!real)
		return NULL;
	directory = directory_of(real);
	free(real);
	if (!probe_statx(AT_FDCWD, directory, 0, &sx) && sx.dev_major == file->dev_major &&
	    sx.dev_minor == file->dev_minor)
		return directory;
	free(directory);
	return NULL;
}

/* For a file that does not exist yet: looks at its directory. Returns 0 or an errno. */
static int look_at_directory_of(const char *path, struct kernel_statx *sx, struct probe *p)
{
	struct stat st;
	int error;

	/* A dangling symbolic link: its target may be in another directory. */
	if (!lstat(path, &st))
		return ENOENT;
	p->directory = directory_of(path);
	error = probe_statx(AT_FDCWD, p->directory, 0, sx);
	if (!error && !S_ISDIR(sx->mode))
		error = ENOTDIR;
	if (error)
		free(p->directory);
	else
		probe_note(p, "does not exist; its directory was probed");
	return error;
}

static void look_at_device(const struct kernel_statx *sx, struct probe *p)
{
	if (p->block_device) {
		p->dev_major = sx->rdev_major;
		p->dev_minor = sx->rdev_minor;
	} else {
		p->dev_major = sx->dev_major;
		p->dev_minor = sx->dev_minor;
		p->block = sx->blksize;
		probe_mount(sx, p);
	}
	probe_sectors(p);
}

const char *probe_look(const char *path, struct probe *p)
{
	struct kernel_statx sx;
	int error = probe_statx(AT_FDCWD, path, 0, &sx);

	*p = (struct probe){
		.path = path,
		.block = PROBE_UNKNOWN,
		.sector = PROBE_UNKNOWN,
		.physical_sector = PROBE_UNKNOWN,
		.mem_align = PROBE_UNKNOWN,
		.offset_align = PROBE_UNKNOWN,
		.read_offset_align = PROBE_UNKNOWN,
		.atomic_min = PROBE_UNKNOWN,
		.atomic_max = PROBE_UNKNOWN,
		.atomic_segments = PROBE_UNKNOWN,
	};
	if (error == ENOENT)
		error = look_at_directory_of(path, &sx, p);
	else if (!error && S_ISDIR(sx.mode))
		p->directory = alloc_string(path);
	else if (!error && S_ISREG(sx.mode))
		p->directory = directory_beside(path, &sx);
	if (error)
		return strerror(error);
	if (!S_ISREG(sx.mode) && !S_ISDIR(sx.mode) && !S_ISBLK(sx.mode))
		return "not a regular file, directory or block device";
	p->block_device = S_ISBLK(sx.mode);
	if (!S_ISDIR(sx.mode)) {
		p->is_file = true;
		probe_alignments(&sx, p);
	}
	look_at_device(&sx, p);
	return NULL;
}

void probe_look_free(struct probe *p)
{
	free(p->directory);
	free(p->filesystem);
}
