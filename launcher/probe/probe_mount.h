/* The file system and the device under a file. */
#ifndef DIOSHIM_LAUNCHER_PROBE_MOUNT_H
#define DIOSHIM_LAUNCHER_PROBE_MOUNT_H

#include "probe/probe_result.h"
#include "statx.h"

/*
 * Set p->filesystem, from /proc/self/mountinfo; and the device to that which is mounted, where the
 * file's own number is none of a block device's (btrfs).
 */
void probe_mount(const struct kernel_statx *sx, struct probe *p);

/* Set p->sector and p->physical_sector, if there is a device to ask. */
void probe_sectors(struct probe *p);

#endif
