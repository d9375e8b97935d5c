/*
 * System calls with 64-bit arguments, or with structures that have a 64-bit form.
 *
 * A 64-bit machine passes each argument in one register. A 32-bit machine splits a 64-bit argument in two
 * (syscall(2), "Architecture-specific requirements"), has other calls for the larger structures, and keeps the old
 * ones for programs without large files. Answers are those of sys() (sys.h).
 */
#ifndef DIOSHIM_SYS64_H
#define DIOSHIM_SYS64_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "sys.h"

/* struct rlimit of the C library may have 32-bit members. */
struct kernel_rlimit {
	uint64_t current, most;
};

/*
 * SYS64(value): the argument or arguments that stand for a 64-bit value. SYS64_EVEN(value): the same where it would
 * begin in the fourth register, for machines where a pair begins in an odd one (r0, r2, r4).
 *
 * SYS64_IOV(value): of preadv(2) and its kind, which take the low word and the high word everywhere. A 64-bit kernel
 * takes all of it from the first and ignores the second (pos_from_hilo(), fs/read_write.c).
 */
#if __SIZEOF_LONG__ == 8

#define SYS64(value) (value)
#define SYS64_EVEN(value) (value)
#define SYS64_IOV(value) (value), 0L

typedef struct stat kernel_stat;
typedef struct statfs kernel_statfs;

static inline long sys_fstat(int fd, kernel_stat *st)
{
	return sys(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

static inline long sys_fstatfs(int fd, kernel_statfs *fs)
{
	return sys(SYS_fstatfs, fd, fs);
}

static inline int64_t sys_lseek(int fd, int64_t pos, int whence)
{
	return sys(SYS_lseek, fd, pos, whence);
}

static inline long sys_ftruncate(int fd, int64_t size)
{
	return sys(SYS_ftruncate, fd, size);
}

static inline long sys_fadvise(int fd, int64_t pos, int64_t len, int advice)
{
	return sys(SYS_fadvise64, fd, pos, len, advice);
}

/* Returns an address, see sys_failed(). */
static inline long sys_mmap_at(void *at, size_t size, int protection, int flags, int fd)
{
#ifdef __s390x__ /* of its own: the arguments are in memory */
	const unsigned long all[] = { (unsigned long)at,	 size,
				      (unsigned long)protection, (unsigned long)flags,
				      (unsigned long)fd,	 0 };

	return sys(SYS_mmap, all);
#else
	return sys(SYS_mmap, at, size, protection, flags, fd, 0L);
#endif
}

#else

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the order of the two words was not tried on a big-endian machine"
#endif

#define SYS64_LOW(value) (long)(uint32_t)(value)
#define SYS64_HIGH(value) (long)(uint32_t)((uint64_t)(value) >> 32)
#define SYS64(value) SYS64_LOW(value), SYS64_HIGH(value)
#define SYS64_IOV(value) SYS64(value)
#ifdef __arm__
#define SYS64_EVEN(value) 0, SYS64(value)
#else
#define SYS64_EVEN(value) SYS64(value)
#endif

typedef struct stat64 kernel_stat;
typedef struct statfs64 kernel_statfs;

static inline long sys_fstat(int fd, kernel_stat *st)
{
	return sys(SYS_fstatat64, fd, "", st, AT_EMPTY_PATH);
}

static inline long sys_fstatfs(int fd, kernel_statfs *fs)
{
	return sys(SYS_fstatfs64, fd, sizeof(*fs), fs);
}

static inline int64_t sys_lseek(int fd, int64_t pos, int whence)
{
	int64_t now;
	long err = sys(SYS__llseek, fd, SYS64_HIGH(pos), SYS64_LOW(pos), &now, whence);

	return err ? err : now;
}

static inline long sys_ftruncate(int fd, int64_t size)
{
#ifdef __arm__
	return sys(SYS_ftruncate64, fd, 0, SYS64(size));
#else
	return sys(SYS_ftruncate64, fd, SYS64(size));
#endif
}

static inline long sys_fadvise(int fd, int64_t pos, int64_t len, int advice)
{
#ifdef __arm__
	return sys(SYS_arm_fadvise64_64, fd, advice, SYS64(pos), SYS64(len));
#else
	return sys(SYS_fadvise64_64, fd, SYS64(pos), SYS64(len), advice);
#endif
}

static inline long sys_mmap_at(void *at, size_t size, int protection, int flags, int fd)
{
	return sys(SYS_mmap2, at, size, protection, flags, fd, 0L);
}

#endif

static inline long sys_mmap(size_t size, int protection, int flags, int fd)
{
	return sys_mmap_at(NULL, size, protection, flags, fd);
}

/* Returns the offset among the arguments of pread(2) and its kind, or, if `vectored`, of preadv(2) and its kind. */
static inline int64_t sys64_offset(int vectored, const long x[6])
{
#if __SIZEOF_LONG__ == 8
	(void)vectored;
	return x[3];
#else
	const long padded[] = { SYS64_EVEN(0) };
	const long *at = x + (!vectored && sizeof(padded) / sizeof(padded[0]) == 3 ? 4 : 3);

	return (int64_t)((uint64_t)at[1] << 32 | (uint32_t)at[0]);
#endif
}

static inline long sys_fallocate(int fd, int mode, int64_t pos, int64_t len)
{
	return sys(SYS_fallocate, fd, mode, SYS64(pos), SYS64(len));
}

/* Some machines have the flags before the offsets, so that these begin in an even register. */
static inline long sys_sync_file_range(int fd, int64_t pos, int64_t len, unsigned flags)
{
#if defined(SYS_sync_file_range2)
	return sys(SYS_sync_file_range2, fd, flags, SYS64(pos), SYS64(len));
#elif defined(SYS_arm_sync_file_range)
	return sys(SYS_arm_sync_file_range, fd, flags, SYS64(pos), SYS64(len));
#else
	return sys(SYS_sync_file_range, fd, SYS64(pos), SYS64(len), flags);
#endif
}

#endif
