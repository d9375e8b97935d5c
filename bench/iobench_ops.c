/* The calls that are measured, and the files and buffers that they are made on. */
#include "iobench.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static size_t length(const struct setup *s)
{
	return s->size - s->shorten;
}

static char *buffer(struct worker *w)
{
	return w->memory + w->setup->addr_off + w->calls++ % w->setup->buffers * w->buffer_step;
}

/* xorshift64: the same offsets in every process, at a cost of nothing. */
static uint64_t next_random(struct worker *w)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return w->rng;
}

static uint64_t first_pos(const struct worker *w)
{
	return w->start + w->setup->pos_off;
}

static int fsync_if_buffered(struct worker *w)
{
	return w->setup->buffered && w->setup->op->writes ? fsync(w->fd) : 0;
}

/* Sequential: back to the start. What was written is flushed, lest it be written over in the cache. */
static int rewind_file(struct worker *w)
{
	w->pos = first_pos(w);
	if (w->setup->stream && lseek(w->fd, w->pos, SEEK_SET) < 0)
		return -1;
	return fsync_if_buffered(w);
}

/* Where the next call goes; -1 if the file could not be rewound. */
static off_t next_pos(struct worker *w)
{
	const struct setup *s = w->setup;
	uint64_t slots = (w->end - first_pos(w)) / s->size;
	off_t pos;

	if (s->random)
		return first_pos(w) + next_random(w) % slots * s->size;
	if (w->pos + length(s) > w->end && rewind_file(w))
		return -1;
	pos = w->pos;
	w->pos += s->stream ? length(s) : s->size;
	return pos;
}

/* A file that is long enough never gives less; if it does, what is measured is not what was meant. */
static ssize_t whole(const struct setup *s, ssize_t ret)
{
	if (ret >= 0 && (size_t)ret != length(s)) {
		errno = ENODATA;
		return -1;
	}
	return ret;
}

static ssize_t read_once(struct worker *w)
{
	const struct setup *s = w->setup;
	off_t pos = next_pos(w);

	if (pos < 0)
		return -1;
	return whole(s, s->stream ? read(w->fd, buffer(w), length(s)) :
				    pread(w->fd, buffer(w), length(s), pos));
}

static int fsync_in_turn(struct worker *w)
{
	uint64_t every = w->setup->fsync_every;

	return every && w->calls % every == 0 ? fsync(w->fd) : 0;
}

static ssize_t write_at(struct worker *w, off_t pos)
{
	const struct setup *s = w->setup;
	ssize_t ret = whole(s, s->stream || s->append ? write(w->fd, buffer(w), length(s)) :
							pwrite(w->fd, buffer(w), length(s), pos));

	return ret < 0 || fsync_in_turn(w) ? -1 : ret;
}

static ssize_t overwrite_once(struct worker *w)
{
	off_t pos = next_pos(w);

	return pos < 0 ? -1 : write_at(w, pos);
}

static ssize_t extend_once(struct worker *w)
{
	off_t pos = w->pos;

	if (pos + length(w->setup) > w->end)
		return NO_MORE;
	w->pos += length(w->setup);
	return write_at(w, pos);
}

static ssize_t null_once(struct worker *w)
{
	return write(w->fd, w->memory, 1);
}

static ssize_t cached_once(struct worker *w)
{
	return pread(w->fd, w->memory, PAGE, 0);
}

static ssize_t open_once(struct worker *w)
{
	int fd = open(w->setup->path, O_RDONLY);

	return fd < 0 || close(fd) ? -1 : 0;
}

/* The environment of the children: ours, with their LD_PRELOAD. */
static char **child_environment(const struct setup *s)
{
	static char **env;

	if (env)
		return env;
	if (s->child_preload)
		setenv("LD_PRELOAD", s->child_preload, 1);
	else
		unsetenv("LD_PRELOAD");
	return env = environ;
}

static int start_child(const struct setup *s, pid_t *pid)
{
	posix_spawn_file_actions_t quiet;
	int err;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(pid, s->child[0], &quiet, NULL, s->child, child_environment(s));
	posix_spawn_file_actions_destroy(&quiet);
	return err;
}

static ssize_t spawn_once(struct worker *w)
{
	int status = -1;
	pid_t pid;

	errno = start_child(w->setup, &pid);
	if (errno || waitpid(pid, &status, 0) != pid)
		return -1;
	if (status) {
		errno = ECHILD;
		return -1;
	}
	return 0;
}

static const struct op ops[] = {
	{ "read", true, false, read_once },
	{ "overwrite", true, true, overwrite_once },
	{ "extend", true, true, extend_once },
	{ "null", false, false, null_once },
	{ "cached", true, false, cached_once },
	{ "open", true, false, open_once },
	{ "spawn", false, false, spawn_once },
};

const struct op *op_find(const char *name)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	return NULL;
}

static bool grows(const struct setup *s)
{
	return s->op->once == extend_once;
}

static bool transfers(const struct setup *s)
{
	return s->op->once == read_once || s->op->once == overwrite_once || grows(s);
}

/* Bytes that no file system, device or host can take for a hole or a copy. */
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
	static char block[1 << 20];

	for (uint64_t pos = 0; pos < size; pos += sizeof(block)) {
		size_t n = size - pos < sizeof(block) ? size - pos : sizeof(block);

		fill(block, sizeof(block), pos + 1);
		if (pwrite(fd, block, n, pos) != (ssize_t)n)
			die("cannot fill %s: %s", path, strerror(errno));
	}
	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		die("cannot flush %s: %s", path, strerror(errno));
}

/* Every block written, so that an overwrite is one; kept from one process to the next. */
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
	int flags = s->op->writes ? O_RDWR | O_CREAT : O_RDONLY;
	bool direct = transfers(s) && !s->buffered;
	int fd = open(path, flags | (s->append ? O_APPEND : 0) | (direct ? O_DIRECT : 0), 0600);

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

/* All threads on one descriptor: the first one opens it. */
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
	if (w->setup->op->once == null_once)
		return open("/dev/null", O_WRONLY);
	if (!w->setup->op->on_file)
		return -1;
	return w->setup->own_files ? open_own_file(w) : open_shared_file(w);
}

static char *map_own_memory(const struct setup *s, size_t size)
{
	char *map = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *start;

	if (map == MAP_FAILED)
		die("no memory for the buffers");
	start = map + (-(uintptr_t)map & (HUGE_PAGE - 1));
	if (madvise(start, size, s->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) && s->huge)
		die("no huge pages: %s", strerror(errno));
	return start;
}

/*
 * The same physical pages in each of the processes that are compared. How many neighbours in a buffer
 * are neighbours in memory is luck, and makes a direct transfer of 1 MiB up to twice as fast.
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

/* Whole pages for each buffer, huge ones if asked for, and all of them touched. */
static void make_buffers(struct worker *w)
{
	const struct setup *s = w->setup;
	size_t page = s->huge ? HUGE_PAGE : PAGE;
	size_t total;

	/* A page for the misalignment, with or without one: the same memory, to be compared. */
	w->buffer_step = (s->size + PAGE + page - 1) / page * page;
	total = w->buffer_step * s->buffers;
	w->memory = s->huge || s->memory_fd < 0 ?
			    map_own_memory(s, total) :
			    map_shared_memory(s->memory_fd, total, w->index);
	fill(w->memory, total, w->index + 1);
}

/* A thread that has the file to itself, or the only one, has all of it; else they share it out. */
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
	w->rng = 88172645463325252 + w->index * 7919;
	set_range(w);
	make_buffers(w);
	w->fd = open_for(w);
	if (w->fd < 0 && w->setup->op->once != spawn_once)
		die("cannot open: %s", strerror(errno));
	if (grows(w->setup) && w->setup->threads > 1 && !w->setup->own_files)
		die("--op extend with several threads needs --own-files");
}

static void empty_file(struct worker *w)
{
	w->pos = first_pos(w);
	if (ftruncate(w->fd, w->setup->append ? 0 : (off_t)w->pos) || lseek(w->fd, w->pos, SEEK_SET) < 0)
		die("cannot empty the file: %s", strerror(errno));
}

void worker_begin(struct worker *w)
{
	const struct setup *s = w->setup;

	if (grows(s))
		empty_file(w);
	else if (s->stream && lseek(w->fd, w->pos, SEEK_SET) < 0)
		die("lseek: %s", strerror(errno));
	if (s->buffered && !s->op->writes && posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		die("cannot empty the cache: %s", strerror(errno));
}

int worker_finish(struct worker *w)
{
	return fsync_if_buffered(w);
}

void worker_end(struct worker *w)
{
	if (grows(w->setup))
		empty_file(w);
}
