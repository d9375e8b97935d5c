/*
 * The flags of preadv2(2) and pwritev2(2), by value: the headers of an older C library lack the
 * newer ones.
 *
 * X(name, value): RWF_<name> of include/uapi/linux/fs.h.
 */
#ifndef DIOSHIM_RWF_H
#define DIOSHIM_RWF_H

#define DIOSHIM_RWF_FLAGS(X) \
	X(HIPRI, 0x01) \
	X(DSYNC, 0x02) \
	X(SYNC, 0x04) \
	X(NOWAIT, 0x08) \
	X(APPEND, 0x10) \
	X(NOAPPEND, 0x20) \
	X(ATOMIC, 0x40) \
	X(DONTCACHE, 0x80) \
	X(NOSIGNAL, 0x100)

#define KERNEL_RWF(name, value) KERNEL_RWF_##name = (value),

/* KERNEL_RWF_HIPRI, and so on for each flag. */
enum { DIOSHIM_RWF_FLAGS(KERNEL_RWF) };

#undef KERNEL_RWF

#endif
