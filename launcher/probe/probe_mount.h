/* The file system and the device under a file. */
#ifndef DIOSHIM_LAUNCHER_PROBE_MOUNT_H
#define DIOSHIM_LAUNCHER_PROBE_MOUNT_H

#include "probe/probe_result.h"
#include "statx.h"

/*
 * Sets p->filesystem from /proc/self/mountinfo. Also sets the device, to the one that is mounted,
 * if the file's own device number is not a block device's (btrfs).
 */
void probe_mount(const struct kernel_statx *sx, struct probe *p);

/* Sets p->sector and p->physical_sector; PROBE_UNKNOWN if there is no device to ask. */
void probe_sectors(struct probe *p);

#endif
