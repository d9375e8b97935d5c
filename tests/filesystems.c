/*
 * What a filesystem does with direct I/O, and what the shim then does. filesystems.bats starts this
 * under the shim.
 *
 *   filesystems row NAME FILE [ALIGNED]   print a row of the table in doc/filesystems.md; FILE is an
 *                                         existing file of 1 MiB or more, and is written to unless it
 *                                         is read-only; ALIGNED is an aligned length (65536)
 *   filesystems compare DIRECT ORDINARY   make the same random misaligned calls on a direct and an
 *                                         ordinary descriptor; only reads if it is the same file
 *
 * Calls by syscall(2) show the kernel's own answer, past the shim.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "raw.h"

#define SPAN ((size_t)1 << 20)
#define PAGE ((size_t)4096)

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5 */
#endif

static unsigned char *space;
static size_t aligned = 65536;
static bool writable = true;
static bool on_overlay;

struct probe {
	ssize_t ret;
	int error;
	long buffered; /* pages of the file in the page cache afterwards; -1: not known */
};

static void empty_cache(int fd)
{
	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static long cached_pages(int fd)
{
	const uint64_t all[2] = { 0, 0 };
	uint64_t counts[5] = { 0 };

	/* The pages of an overlay's file belong to the file below it. */
	if (on_overlay || raw_syscall(SYS_cachestat, fd, all, counts, 0))
		return -1;
	return (long)counts[0];
}

static struct probe after(int fd, ssize_t ret)
{
	struct probe p = { ret, errno, -1 };

	p.buffered = cached_pages(fd);
	return p;
}

static struct probe ask_read(int fd, size_t shift, size_t len, off_t pos)
{
	empty_cache(fd);
	return after(fd, raw_syscall(SYS_pread64, fd, space + shift, len, pos));
}

static struct probe ask_write(int fd, size_t shift, size_t len, off_t pos)
{
	empty_cache(fd);
	return after(fd, raw_syscall(SYS_pwrite64, fd, space + shift, len, pos));
}

static struct probe shim_read(int fd, size_t shift, size_t len, off_t pos)
{
	empty_cache(fd);
	return after(fd, pread(fd, space + shift, len, pos));
}

static struct probe shim_write(int fd, size_t shift, size_t len, off_t pos)
{
	empty_cache(fd);
	return after(fd, pwrite(fd, space + shift, len, pos));
}

/*
 * Returns what became of a call: the errno, "short", "direct", "buffered", or "taken" if that is
 * unknown.
 */
static const char *word(const struct probe *p, size_t len)
{
	if (p->ret < 0)
		return strerrorname_np(p->error);
	if (p->ret != (ssize_t)len)
		return "short";
	return p->buffered < 0 ? "taken" : p->buffered ? "buffered" : "direct";
}

static void print_pair(const struct probe *read_probe, const struct probe *write_probe, size_t len)
{
	const char *r = word(read_probe, len);
	const char *w = writable ? word(write_probe, len) : r;

	if (!strcmp(r, w))
		printf(" %s |", r);
	else
		printf(" r: %s, w: %s |", r, w);
}

static struct probe nothing(void)
{
	return (struct probe){ 0 };
}

static void print_kernel(int fd, size_t shift, size_t len, off_t pos)
{
	struct probe r = ask_read(fd, shift, len, pos);
	struct probe w = writable ? ask_write(fd, shift, len, pos) : nothing();

	print_pair(&r, &w, len);
}

/*
 * Prints how the shim moved the data. Partial blocks at the ends may be buffered; more is not
 * direct.
 */
static void print_shim_part(const char *what, const struct probe *p, size_t len)
{
	printf(" %s ", what);
	if (p->ret == (ssize_t)len && p->buffered > 0 && (size_t)p->buffered * PAGE < len / 2)
		printf("direct but %ld pages", p->buffered);
	else
		printf("%s", word(p, len));
}

static void print_shim(int fd, size_t len, off_t pos)
{
	struct probe r = shim_read(fd, 1, len, pos);
	struct probe w = writable ? shim_write(fd, 1, len, pos) : nothing();

	print_shim_part("r:", &r, len);
	if (writable)
		print_shim_part("w:", &w, len);
	printf(" |");
}

static void print_statx(int fd)
{
	struct statx sx;
	uint32_t words[64];

	memset(&sx, 0, sizeof(sx));
	if (raw_syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x2000 | 0x20000 | STATX_BASIC_STATS,
			&sx)) {
		printf(" %s |", strerrorname_np(errno));
		return;
	}
	/*
	 * By their offsets in include/uapi/linux/stat.h: the C library's headers may lack the
	 * fields.
	 */
	memcpy(words, &sx, sizeof(words));
	if (!(sx.stx_mask & 0x2000))
		printf(" - |");
	else
		printf(" %u / %u |", words[0x98 / 4], words[0x9c / 4]);
}

static int open_direct(const char *path)
{
	int fd = open(path, O_RDWR | O_DIRECT);

	if (fd < 0 && (errno == EROFS || errno == EACCES)) {
		writable = false;
		fd = open(path, O_RDONLY | O_DIRECT);
	}
	return fd;
}

static void print_row(const char *name, const char *path)
{
	int fd = open_direct(path);
	struct statfs fs;

	on_overlay = fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == OVERLAYFS_SUPER_MAGIC;
	printf("| %s |", name);
	if (fd < 0) {
		printf(" open: %s |||||\n", strerrorname_np(errno));
		return;
	}
	print_statx(fd);
	print_kernel(fd, 0, aligned, 0);
	print_kernel(fd, 1, aligned, 0);
	print_kernel(fd, 0, 1000, 100);
	print_shim(fd, 6 * aligned, 100);
	printf("\n");
}

static void require(bool condition, const char *what, unsigned number)
{
	if (!condition)
		errx(1, "call %u: %s", number, what);
}

/* A random call, which is made on both descriptors. */
struct shape {
	size_t len;
	off_t pos;
	size_t shift;
};

/* Returns calls within a block, across many, at the end of the file and beyond it. */
static struct shape random_shape(unsigned number, off_t size)
{
	return (struct shape){
		.len = 1 + (size_t)random() % (number % 3 ? 5000 : SPAN / 2),
		.pos = number % 5    ? random() % (size + 1)
		       : size > 5000 ? size - random() % 5000
				     : 0,
		.shift = (size_t)random() % 600,
	};
}

static void compare_read(int direct, int ordinary, unsigned number)
{
	static unsigned char other[SPAN];
	struct shape s = random_shape(number, lseek(ordinary, 0, SEEK_END));
	ssize_t want = raw_syscall(SYS_pread64, ordinary, other, s.len, s.pos);
	ssize_t got = pread(direct, space + s.shift, s.len, s.pos);

	require(got == want, "another count read", number);
	require(got <= 0 || !memcmp(space + s.shift, other, (size_t)got), "other bytes", number);
}

static void compare_write(int direct, int ordinary, unsigned number)
{
	struct shape s = random_shape(number, lseek(ordinary, 0, SEEK_END));

	memset(space + s.shift, (int)number + 1, s.len);
	require(pwrite(direct, space + s.shift, s.len, s.pos) == (ssize_t)s.len, "not written",
		number);
	if (raw_syscall(SYS_pwrite64, ordinary, space + s.shift, s.len, s.pos) != (long)s.len)
		err(1, "writing to the ordinary file");
	require(lseek(direct, 0, SEEK_END) == lseek(ordinary, 0, SEEK_END), "another size", number);
}

static void compare_files(const char *direct_path, const char *ordinary_path)
{
	static unsigned char bytes[2][SPAN];
	const char *const paths[2] = { direct_path, ordinary_path };
	long got[2];
	off_t pos = 0;

	do {
		for (int i = 0; i < 2; i++) {
			int fd = open(paths[i], O_RDONLY);

			got[i] = raw_syscall(SYS_pread64, fd, bytes[i], SPAN, pos);
			close(fd);
		}
		if (got[0] != got[1] || got[1] < 0 || memcmp(bytes[0], bytes[1], (size_t)got[1]))
			errx(1, "other bytes in the file");
		pos += got[1];
	} while (got[1]);
}

/* Only reads if the two are the same file. */
static void compare(const char *direct_path, const char *ordinary_path)
{
	bool same = !strcmp(direct_path, ordinary_path);
	int access = same ? O_RDONLY : O_CREAT | O_TRUNC | O_RDWR;
	int direct = open(direct_path, access | O_DIRECT, 0600);
	int ordinary = open(ordinary_path, access, 0600);

	if (direct < 0 || ordinary < 0)
		err(1, "%s, %s", direct_path, ordinary_path);
	srandom(1);
	for (unsigned number = 0; number < 100; number++)
		if (same || number % 2)
			compare_read(direct, ordinary, number);
		else
			compare_write(direct, ordinary, number);
	compare_files(direct_path, ordinary_path);
}

int main(int argc, char **argv)
{
	space = mmap(NULL, 2 * SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (space == MAP_FAILED)
		err(1, "mmap");
	if (argc >= 4 && !strcmp(argv[1], "row")) {
		aligned = argc > 4 ? strtoul(argv[4], NULL, 10) : aligned;
		print_row(argv[2], argv[3]);
	} else if (argc == 4 && !strcmp(argv[1], "compare")) {
		compare(argv[2], argv[3]);
	} else {
		errx(99, "usage: filesystems row NAME FILE [ALIGNED] | filesystems compare DIRECT "
			 "ORDINARY");
	}
	return 0;
}
