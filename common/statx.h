/*
 * The kernel's struct statx (include/uapi/linux/stat.h), as far as it is used here. The C library's
 * headers have the direct-I/O fields only since about glibc 2.37, and the project builds with older
 * ones.
 */
#ifndef DIOSHIM_STATX_H
#define DIOSHIM_STATX_H

#include <stddef.h>
#include <stdint.h>

struct kernel_statx {
	uint32_t mask;
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad1;
	uint64_t ino;
	uint64_t size;
	uint64_t blocks;
	uint64_t attributes_mask;
	struct {
		int64_t sec;
		uint32_t nsec, pad;
	} times[4];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint32_t dio_mem_align, dio_offset_align;
	uint64_t subvol;
	uint32_t atomic_min, atomic_max, atomic_segments;
	uint32_t dio_read_offset_align;
	uint32_t atomic_max_opt, pad2;
	uint64_t spare[8];
};

_Static_assert(sizeof(struct kernel_statx) == 256, "struct statx is 256 bytes");
_Static_assert(offsetof(struct kernel_statx, dio_mem_align) == 0x98, "include/uapi/linux/stat.h");
_Static_assert(offsetof(struct kernel_statx, atomic_min) == 0xa8, "include/uapi/linux/stat.h");
_Static_assert(offsetof(struct kernel_statx, dio_read_offset_align) == 0xb4,
	       "include/uapi/linux/stat.h");

/* Bits of the mask: fields that are requested, and fields that were filled in. */
enum {
	MASK_TYPE = 0x1,
	MASK_MODE = 0x2,
	MASK_INO = 0x100,
	MASK_SIZE = 0x200,
	MASK_BASIC = 0x7ff,
	MASK_MNT_ID = 0x1000,	       /* Linux 5.8 */
	MASK_DIOALIGN = 0x2000,	       /* Linux 6.1 */
	MASK_WRITE_ATOMIC = 0x10000,   /* Linux 6.11 */
	MASK_DIO_READ_ALIGN = 0x20000, /* Linux 6.14 */
};

#endif
