/*
 * Calls that change the file or the descriptors. On the direct side some use a public function and
 * some syscall(2). The shim does not see the latter, like calls of another program or of a language
 * runtime.
 */
#include "differential.h"
#include "plain.h"
#include "raw.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/magic.h>

#ifdef __GLIBC__
int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int __fcntl(int fd, int cmd, ...);
int __close(int fd);
int __dup2(int from, int to);
#define close_by_name close
#else
#undef open64
#undef openat64
#undef fcntl64
#define open64 plain_open
#define openat64 plain_openat
#define fcntl64 fcntl
#define __open plain_open
#define __open64 plain_open
#define __open_2 plain_open
#define __open64_2 plain_open
#define __openat_2 plain_openat
#define __openat64_2 plain_openat
#define __fcntl fcntl
#define __close close_by_name
#define __dup2 dup2
/* The shim has it; without it musl does not. */
int close_range(unsigned first, unsigned last, int flags) __attribute__((weak));

/*
 * musl's close(3) leaves ENOENT in errno after a success, if a thread of an asynchronous request has not ended
 * (12 of 2,000 calls, without the shim).
 */
static int close_by_name(int fd)
{
	int before = errno;
	int ret = close(fd);

	if (!ret)
		errno = before;
	return ret;
}
#endif

/* Past the shim; but where the kernel refuses O_DIRECT, and the shim does not, by number. */
static bool refused;

#define LAST_DOOR(...) (refused ? syscall(__VA_ARGS__) : raw_syscall(__VA_ARGS__))

/* Only the direct side uses O_DIRECT. */
static int flags_for(enum which which, int flags)
{
	return which == DIRECT ? flags : flags & ~O_DIRECT;
}

static int public_open(unsigned door, const char *path, int flags)
{
	/* The other names add this flag. */
	if (O_LARGEFILE && !(flags & O_LARGEFILE))
		return door % 2 ? plain_open(path, flags) : plain_openat(AT_FDCWD, path, flags);
	switch (door % 8) {
	case 0:
		return plain_open(path, flags);
	case 1:
		return open64(path, flags);
	case 2:
		return plain_openat(AT_FDCWD, path, flags);
	case 3:
		return openat64(AT_FDCWD, path, flags);
	case 4:
		return door / 8 % 2 ? __open(path, flags) : __open64(path, flags);
	case 5:
		return door / 8 % 2 ? __open_2(path, flags) : __open64_2(path, flags);
	case 6:
		return door / 8 % 2 ? __openat_2(AT_FDCWD, path, flags)
				    : __openat64_2(AT_FDCWD, path, flags);
	default:
		/* Appends of Linux AIO through what was opened past the shim are a limit (doc/design.md). */
		if (flags & O_APPEND)
			return (int)syscall(SYS_openat, AT_FDCWD, path, flags);
		return LAST_DOOR(SYS_openat, AT_FDCWD, path, flags);
	}
}

static int public_close(unsigned door, int fd)
{
	switch (door % 4) {
	case 0:
		return close_by_name(fd);
	case 1:
		return __close(fd);
	case 2:
		return close_range(fd, fd, 0);
	default:
		return raw_syscall(SYS_close, fd);
	}
}

/* From this way on the shim does not see it. */
enum { UNSEEN_DUP = 6 };

static int public_dup(unsigned door, int from, int to)
{
	switch (door % 8) {
	case 0:
		return dup2(from, to);
	case 1:
		return __dup2(from, to);
	case 2:
		return dup3(from, to, O_CLOEXEC);
	case 3:
		close_by_name(to);
		return dup(from);
	case 4:
		close_by_name(to);
		return fcntl(from, F_DUPFD, to);
	case 5:
		close_by_name(to);
		return fcntl64(from, F_DUPFD_CLOEXEC, to);
	case UNSEEN_DUP:
		raw_syscall(SYS_close, to);
		return raw_syscall(SYS_dup, from);
	default:
		return raw_syscall(SYS_dup3, from, to, 0);
	}
}

static long public_setfl(unsigned door, int fd, int flags)
{
	switch (door % 4) {
	case 0:
		return fcntl(fd, F_SETFL, flags);
	case 1:
		return fcntl64(fd, F_SETFL, flags);
	case 2:
		return __fcntl(fd, F_SETFL, flags);
	default:
		if (flags & O_APPEND)
			return syscall(SYS_fcntl, fd, F_SETFL, flags);
		return LAST_DOOR(SYS_fcntl, fd, F_SETFL, flags);
	}
}

static int open_file(const struct call *c, enum which which, const char *path)
{
	int flags = flags_for(which, c->flags);

	if (which == DIRECT)
		return public_open(c->door, path, flags);
	return raw_syscall(SYS_openat, AT_FDCWD, path, flags);
}

static long reopen(const struct call *c, struct scene *s, enum which which)
{
	struct side *side = &s->side[which];
	int *fd = &side->fd[c->slot];

	if (which == DIRECT)
		public_close(c->door / 8, *fd);
	else
		raw_syscall(SYS_close, *fd);
	*fd = open_file(c, which, side->path);
	s->unseen[c->slot] = false;
	return *fd < 0 ? -1 : 0;
}

static long duplicate(const struct call *c, struct scene *s, enum which which)
{
	struct side *side = &s->side[which];
	int *to = &side->fd[c->slot];
	int from = side->fd[c->other_slot];
	long flags = raw_syscall(SYS_fcntl, s->side[DIRECT].fd[c->other_slot], F_GETFL);
	unsigned door = c->door;

	if (c->slot == c->other_slot)
		return 0;
	/* See public_open(). */
	if (flags & O_APPEND)
		door %= UNSEEN_DUP;
	s->unseen[c->slot] = s->unseen[c->other_slot];
	/* Copies of what is not direct are not remembered, either. */
	if (door % 8 >= UNSEEN_DUP || !(flags & O_DIRECT))
		s->unseen[c->slot] = s->unseen[c->other_slot] = true;
	*to = which == DIRECT ? public_dup(door, from, *to)
			      : (int)raw_syscall(SYS_dup3, from, *to, 0);
	return *to < 0 ? -1 : 0;
}

static long set_flags(const struct call *c, const struct scene *s, enum which which)
{
	int fd = s->side[which].fd[c->slot];
	int flags = flags_for(which, c->flags);

	/* See public_open(). */
	if (s->unseen[c->slot])
		flags &= ~O_APPEND;
	if (which == DIRECT)
		return public_setfl(c->door, fd, flags);
	return raw_syscall(SYS_fcntl, fd, F_SETFL, flags);
}

/* Makes an ordinary write like another program, which leaves its bytes in the page cache. */
static long write_as_a_bystander(const struct call *c, const struct scene *s, enum which which)
{
	const struct side *side = &s->side[which];

	return raw_syscall(SYS_pwrite64, side->witness, side->arena + c->pieces[0].at,
			   c->pieces[0].len, SYS64_EVEN(c->pos));
}

long make_change(const struct call *c, struct scene *s, enum which which)
{
	int fd = s->side[which].fd[c->slot];

	errno = 0;
	switch (c->op) {
	case OP_SEEK:
		return lseek(fd, c->pos, c->flags);
	case OP_TRUNCATE:
		return ftruncate(fd, c->pos);
	case OP_REOPEN:
		return reopen(c, s, which);
	case OP_DUP:
		return duplicate(c, s, which);
	case OP_SETFL:
		return set_flags(c, s, which);
	case OP_ALLOCATE:
		return fallocate(fd, c->flags, c->pos, c->pieces[0].len);
	default:
		return write_as_a_bystander(c, s, which);
	}
}

/* Finds the largest offset that lseek() accepts, which is the filesystem's limit. */
static off_t find_most_size(int fd)
{
	off_t can = 0;

	for (off_t step = (off_t)1 << 62; step; step /= 2)
		if (can <= LLONG_MAX - step && lseek(fd, can + step, SEEK_SET) >= 0)
			can += step;
	return can;
}

static void wipe_device(int fd, off_t size)
{
	static unsigned char zeros[1 << 20];

	for (off_t at = 0; at < size; at += sizeof(zeros))
		if (raw_syscall(SYS_pwrite64, fd, zeros, sizeof(zeros), SYS64_EVEN(at)) < 0)
			err(2, "cannot wipe the device");
}

static void open_witness(struct scene *s, struct side *side)
{
	int flags = O_RDWR | O_LARGEFILE | (s->block_device ? 0 : O_CREAT | O_TRUNC);
	uint64_t size = 0;

	side->witness = raw_syscall(SYS_openat, AT_FDCWD, side->path, flags, 0600);
	if (side->witness < 0)
		err(2, "cannot open %s", side->path);
	if (!s->block_device)
		return;
	if (ioctl(side->witness, BLKGETSIZE64, &size))
		err(2, "%s: not a block device", side->path);
	if (s->device_size && s->device_size != (off_t)size)
		errx(2, "%s: not the same size as the other device", side->path);
	s->device_size = size;
	wipe_device(side->witness, size);
}

static void find_type(struct scene *s)
{
	struct statfs fs;

	if (fstatfs(s->side[ORDINARY].witness, &fs))
		err(2, "fstatfs");
	s->xfs = fs.f_type == XFS_SUPER_MAGIC;
	s->ext4 = fs.f_type == EXT4_SUPER_MAGIC;
}

/* Returns whether a direct write from bad memory, at the end of the file of that name, makes it longer. */
static bool grows_on_direct_fault(const char *name)
{
	enum { BLOCK = 4096 };
	int fd = raw_syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_DIRECT | O_LARGEFILE);
	struct stat st;
	bool grows;

	if (fd < 0)
		return false;
	if (ftruncate(fd, BLOCK))
		err(2, "%s", name);
	raw_syscall(SYS_pwrite64, fd, NULL, BLOCK, SYS64_EVEN(BLOCK));
	grows = fstat(fd, &st) || st.st_size != BLOCK;
	raw_syscall(SYS_close, fd);
	return grows;
}

/* Returns whether an ordinary write fails whose memory is good for less than a page. It writes 100 bytes if not. */
static bool faults_whole(int fd, const struct side *side)
{
	return raw_syscall(SYS_pwrite64, fd, side->arena + ARENA - 100, 200, SYS64_EVEN(1)) < 0;
}

/*
 * Linux 5.10 writes whole pages of a block device up to the bad memory, or nothing. Both devices get the same bytes, so
 * that they remain equal.
 */
static bool devices_fault_whole(const struct scene *s)
{
	bool whole = false;

	for (enum which which = 0; which < SIDES; which++) {
		const struct side *side = &s->side[which];
		int fd = raw_syscall(SYS_openat, AT_FDCWD, side->path, O_RDWR | O_LARGEFILE);

		if (fd < 0)
			err(2, "%s", side->path);
		whole = faults_whole(fd, side);
		if (fsync(fd) || raw_syscall(SYS_close, fd))
			err(2, "%s", side->path);
	}
	return whole;
}

/* What older kernels do with a write from bad memory, whatever descriptor it is made on. */
static void find_defects(struct scene *s)
{
	const struct side *side = &s->side[ORDINARY];
	char name[PATH_MAX];
	struct stat st;
	int fd;

	if (snprintf(name, sizeof(name), "%s.defects", side->path) >= (int)sizeof(name))
		errx(2, "%s: the name is too long", side->path);
	fd = raw_syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_TRUNC | O_LARGEFILE,
			 0600);
	if (fd < 0 || raw_syscall(SYS_pwrite64, fd, "", 1, SYS64_EVEN(0)) != 1)
		err(2, "%s", name);
	s->faults_whole = faults_whole(fd, side);
	if (ftruncate(fd, 1))
		err(2, "%s", name);
	raw_syscall(SYS_pwrite64, fd, NULL, 100, SYS64_EVEN(20000));
	s->grows_on_fault = fstat(fd, &st) || st.st_size != 1;
	raw_syscall(SYS_close, fd);
	s->grows_on_direct_fault = grows_on_direct_fault(name);
	fd = raw_syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_DIRECT | O_APPEND | O_LARGEFILE);
	s->no_direct_append = fd < 0 && !s->refused;
	if (fd >= 0)
		raw_syscall(SYS_close, fd);
	unlink(name);
}

void open_everything(struct scene *s)
{
	struct call c = { .op = OP_REOPEN, .flags = O_RDWR | O_DIRECT | O_LARGEFILE };

	refused = s->refused;
	for (enum which which = 0; which < SIDES; which++) {
		struct side *side = &s->side[which];

		open_witness(s, side);
		open_spare(s, side);
		for (c.slot = 0; c.slot < SLOTS; c.slot++) {
			c.door = c.slot;
			side->fd[c.slot] = open_file(&c, which, side->path);
			if (side->fd[c.slot] < 0)
				err(2, "cannot open %s", side->path);
		}
	}
	find_type(s);
	if (s->block_device)
		s->faults_whole = devices_fault_whole(s);
	else if (!s->emulated)
		find_defects(s);
	s->most_size = s->block_device ? s->device_size : find_most_size(s->side[0].witness);
}

static void copy_range(const struct scene *s, off_t from, off_t to)
{
	static unsigned char chunk[1 << 18];

	while (from < to) {
		size_t left = (size_t)(to - from);
		size_t want = left < sizeof(chunk) ? left : sizeof(chunk);
		long got = raw_syscall(SYS_pread64, s->side[ORDINARY].witness, chunk, want,
				       SYS64_EVEN(from));

		if (got <= 0 || raw_syscall(SYS_pwrite64, s->side[DIRECT].witness, chunk, got,
					    SYS64_EVEN(from)) < 0)
			err(2, "cannot copy after a mismatch");
		from += got;
	}
}

static void copy_contents(const struct scene *s)
{
	struct stat st;

	if (s->block_device) {
		copy_range(s, 0, s->device_size);
		return;
	}
	if (fstat(s->side[ORDINARY].witness, &st))
		err(2, "fstat");
	if (st.st_size > 2 * LARGE_FILE)
		st.st_size = 0;
	for (enum which which = 0; which < SIDES; which++)
		if (ftruncate(s->side[which].witness, st.st_size))
			err(2, "ftruncate");
	copy_range(s, 0, st.st_size);
}

void make_alike(const struct scene *s)
{
	copy_contents(s);
	for (unsigned slot = 0; slot < SLOTS; slot++) {
		off_t offset = lseek(s->side[ORDINARY].fd[slot], 0, SEEK_CUR);
		long flags = raw_syscall(SYS_fcntl, s->side[ORDINARY].fd[slot], F_GETFL);

		lseek(s->side[DIRECT].fd[slot], offset, SEEK_SET);
		raw_syscall(SYS_fcntl, s->side[DIRECT].fd[slot], F_SETFL, flags | O_DIRECT);
	}
}
