/* The files and buffers of the calls, and the state that a batch starts from. */
#include "iobench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILL_SIZE = 1 << 20 }; /* bytes written at once when a file is made */

static bool grows(const struct setup *s)
{
	return s->op->is & GROWS;
}

static bool transfers(const struct setup *s)
{
	return s->op->is & TRANSFERS;
}

/*
 * Fills `buf` with bytes that no file system, device or host can turn into a hole or share with a
 * copy.
 */
static void fill(char *buf, size_t size, uint64_t seed)
{
	struct worker random = { .rng = seed * 0x9e3779b97f4a7c15 + 1 };

	for (size_t i = 0; i + 8 <= size; i += 8) {
		uint64_t word = next_random(&random);

		memcpy(buf + i, &word, 8);
	}
}

static void write_file(int fd, const char *path, uint64_t size)
{
	char *block = malloc(FILL_SIZE);

	if (!block)
		die("no memory");
	for (uint64_t pos = 0; pos < size; pos += FILL_SIZE) {
		size_t n = size - pos < FILL_SIZE ? size - pos : FILL_SIZE;

		fill(block, FILL_SIZE, pos + 1);
		if (pwrite(fd, block, n, pos) != (ssize_t)n)
			die("cannot fill %s: %s", path, strerror(errno));
	}
	free(block);
	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		die("cannot flush %s: %s", path, strerror(errno));
}

/*
 * Writes every block, so that a later write really overwrites. The next process uses the same file.
 */
static void make_file(const char *path, uint64_t size)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size != size) {
		if (ftruncate(fd, 0))
			die("cannot truncate %s: %s", path, strerror(errno));
		write_file(fd, path, size);
	}
	close(fd);
}

static int open_file(const struct setup *s, const char *path)
{
	int flags = s->op->is & WRITES ? O_RDWR | O_CREAT : O_RDONLY;
	bool direct = transfers(s) && !s->buffered;
	int fd;

	flags |= s->append ? O_APPEND : 0;
	flags |= direct ? O_DIRECT : 0;
	flags |= s->sync_with == SYNC_OPEN ? O_DSYNC : 0;
	fd = open(path, flags, 0600);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static int open_own_file(const struct worker *w)
{
	const struct setup *s = w->setup;
	char *path;
	int fd;

	if (asprintf(&path, "%s.%u", s->path, w->index) < 0)
		die("no memory");
	if (!grows(s))
		make_file(path, s->file_size / s->threads);
	fd = open_file(s, path);
	free(path);
	return fd;
}

/* All threads use one descriptor, which the first one opens. */
static int open_shared_file(const struct worker *w)
{
	const struct setup *s = w->setup;

	if (w->index)
		return w[-1].fd;
	if (!grows(s))
		make_file(s->path, s->file_size);
	return open_file(s, s->path);
}

static int open_for(const struct worker *w)
{
	if (!(w->setup->op->is & ON_FILE))
		return open("/dev/null", O_WRONLY);
	return w->setup->own_files ? open_own_file(w) : open_shared_file(w);
}

static char *map_own_memory(const struct setup *s, size_t size)
{
	char *map = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start;

	if (map == MAP_FAILED)
		die("no memory for the buffers");
	start = map + (-(uintptr_t)map & (HUGE_PAGE - 1));
	if (madvise(start, size, s->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) && s->huge)
		die("no huge pages: %s", strerror(errno));
	return start;
}

/*
 * Maps the same physical pages in each of the processes that are compared. How many pages of a
 * buffer are physically contiguous varies, and makes a direct transfer of 1 MiB up to twice as
 * fast.
 */
static char *map_shared_memory(int fd, size_t size, unsigned index)
{
	off_t start = (off_t)size * index;
	struct stat st;
	char *map;

	if (fstat(fd, &st) || (st.st_size < start + (off_t)size && ftruncate(fd, start + size)))
		die("--memory-fd: %s", strerror(errno));
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
	if (map == MAP_FAILED)
		die("no memory for the buffers");
	madvise(map, size, MADV_NOHUGEPAGE);
	return map;
}

/* Makes buffers of whole pages, huge ones if requested, and touches all of them. */
static void make_buffers(struct worker *w)
{
	const struct setup *s = w->setup;
	size_t page = s->huge ? HUGE_PAGE : PAGE;
	size_t total;

	/*
	 * Always with an extra page for the misalignment, so that the amount of memory is
	 * comparable.
	 */
	w->buffer_step = (s->size + PAGE + page - 1) / page * page;
	total = w->buffer_step * s->buffers;
	w->memory = s->huge || s->memory_fd < 0 ? map_own_memory(s, total)
						: map_shared_memory(s->memory_fd, total, w->index);
	fill(w->memory, total, w->index + 1);
}

/*
 * A thread uses all of its own file, or of a shared one with random offsets; else its share of
 * that.
 */
static void set_range(struct worker *w)
{
	const struct setup *s = w->setup;
	uint64_t share = s->file_size / s->threads / s->size * s->size;
	bool all = s->random && !s->own_files;

	w->start = all || s->own_files ? 0 : share * w->index;
	w->end = all ? s->file_size : w->start + share;
	w->pos = first_pos(w);
	if (transfers(s) && first_pos(w) + s->size > w->end)
		die("the file is too small: %u threads, %zu bytes a call", s->threads, s->size);
}

void worker_prepare(struct worker *w)
{
	w->rng = 88172645463325252 + (uint64_t)w->index * 7919;
	set_range(w);
	make_buffers(w);
	w->fd = open_for(w);
	if (w->fd < 0)
		die("cannot open: %s", strerror(errno));
	if (w->setup->by_hand)
		hand_prepare(w);
	if (grows(w->setup) && w->setup->threads > 1 && !w->setup->own_files)
		die("--op extend with several threads requires --own-files");
}

static void empty_file(struct worker *w)
{
	w->pos = first_pos(w);
	if (ftruncate(w->fd, w->setup->append ? 0 : (off_t)w->pos) ||
	    lseek(w->fd, w->pos, SEEK_SET) < 0)
		die("cannot empty the file: %s", strerror(errno));
}

void worker_begin(struct worker *w)
{
	const struct setup *s = w->setup;

	if (grows(s))
		empty_file(w);
	else if (s->stream && lseek(w->fd, w->pos, SEEK_SET) < 0)
		die("lseek: %s", strerror(errno));
	if (s->buffered && !(s->op->is & WRITES) && posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		die("cannot empty the cache: %s", strerror(errno));
}

void worker_end(struct worker *w)
{
	if (grows(w->setup))
		empty_file(w);
}
