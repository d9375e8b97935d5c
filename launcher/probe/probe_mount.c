/* Finds the file system and the device of a file. See probe_mount.h. */
#include "probe/probe_mount.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "alloc.h"

/*
 * Whether a line of mountinfo is about the file's mount. A line is
 * "36 35 98:0 /root /mount options tags... - type source ..." (proc(5)).
 */
static bool line_is_of(const char *line, const struct kernel_statx *sx)
{
	unsigned device_major, device_minor;
	uint64_t id;

	if (sscanf(line, "%" SCNu64 " %*u %u:%u", &id, &device_major, &device_minor) != 3)
		return false;
	if (sx->mask & MASK_MNT_ID)
		return id == sx->mnt_id;
	return device_major == sx->dev_major && device_minor == sx->dev_minor;
}

/*
 * Files on btrfs have the device number of their subvolume, which is not a block device. Takes the
 * device from the mount's source instead; of several devices that is the one named there.
 */
static void take_source(const char *source, struct probe *p)
{
	struct stat st;

	if (p->dev_major || *source != '/' || stat(source, &st) || !S_ISBLK(st.st_mode))
		return;
	p->dev_major = major(st.st_rdev);
	p->dev_minor = minor(st.st_rdev);
}

static void take_line(const char *line, struct probe *p)
{
	const char *rest = strstr(line, " - ");
	char *type = NULL;
	char *source = NULL;

	/* An empty source leaves two spaces. */
	if (rest && sscanf(rest, " - %ms%*1[ ]%m[^ \n]", &type, &source) >= 1) {
		free(p->filesystem);
		p->filesystem = type;
		if (source)
			take_source(source, p);
	}
	free(source);
}

void probe_mount(const struct kernel_statx *sx, struct probe *p)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;

	if (!mounts)
		return;
	while (getline(&line, &room, mounts) > 0) {
		if (line_is_of(line, sx)) {
			take_line(line, p);
			break;
		}
	}
	free(line);
	fclose(mounts);
}

/*
 * Reads a value of the device's queue. A partition's queue is that of its disk, one directory up.
 */
static int64_t queue_value(const struct probe *p, const char *name)
{
	static const char *const up[] = { "", "../" };
	int64_t value = PROBE_UNKNOWN;

	for (int i = 0; i < 2 && value == PROBE_UNKNOWN; i++) {
		char *path = alloc_format("/sys/dev/block/%u:%u/%squeue/%s", p->dev_major,
					  p->dev_minor, up[i], name);
		FILE *file = fopen(path, "re");

		free(path);
		if (!file)
			continue;
		if (fscanf(file, "%" SCNd64, &value) != 1)
			value = PROBE_UNKNOWN;
		fclose(file);
	}
	return value;
}

/* For systems without /sys. Opens only a device that the user has named. */
static void ask_device(struct probe *p)
{
	int fd = open(p->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned physical;
	int logical;

	if (fd < 0)
		return;
	if (!ioctl(fd, BLKSSZGET, &logical))
		p->sector = logical;
	if (!ioctl(fd, BLKPBSZGET, &physical))
		p->physical_sector = physical;
	close(fd);
}

void probe_sectors(struct probe *p)
{
	p->sector = queue_value(p, "logical_block_size");
	p->physical_sector = queue_value(p, "physical_block_size");
	if (p->sector == PROBE_UNKNOWN && p->block_device)
		ask_device(p);
}
