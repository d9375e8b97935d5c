/* The calls that are measured. */
#include "iobench.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
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

/* xorshift64: the same offsets in every process, at almost no cost. */
uint64_t next_random(struct worker *w)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return w->rng;
}

uint64_t first_pos(const struct worker *w)
{
	return w->start + w->setup->pos_off;
}

static int fsync_if_buffered(struct worker *w)
{
	return w->setup->buffered && (w->setup->op->is & WRITES) ? fsync(w->fd) : 0;
}

/*
 * Goes back to the start. Flushes buffered writes first, so that they are not overwritten in the
 * cache.
 */
static int rewind_file(struct worker *w)
{
	w->pos = first_pos(w);
	if (w->setup->stream && lseek(w->fd, w->pos, SEEK_SET) < 0)
		return -1;
	return fsync_if_buffered(w);
}

/* Returns the offset of the next call; -1 if the file could not be rewound. */
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

/* Turns a short count into an error: the file is long enough, so the measurement would be wrong. */
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
	if (s->by_hand)
		return hand_read(w, buffer(w), length(s), pos);
	return whole(s, s->stream ? read(w->fd, buffer(w), length(s))
				  : pread(w->fd, buffer(w), length(s), pos));
}

/* Syncs if it is time to, as a program without O_DIRECT does to have a record on the device. */
static int sync_in_turn(struct worker *w, off_t pos)
{
	const struct setup *s = w->setup;

	if (!s->sync_every || w->calls % s->sync_every)
		return 0;
	switch (s->sync_with) {
	case SYNC_DATA:
		return fdatasync(w->fd);
	case SYNC_RANGE: /* as O_DIRECT: the device has the data, perhaps in its cache */
		return sync_file_range(w->fd, pos, length(s),
				       SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					       SYNC_FILE_RANGE_WAIT_AFTER);
	case SYNC_OPEN: /* the call itself has waited */
		return 0;
	default:
		return fsync(w->fd);
	}
}

static ssize_t write_by_hand(struct worker *w, off_t pos)
{
	const struct setup *s = w->setup;

	return s->op->is & GROWS ? hand_extend(w, buffer(w), length(s), pos)
				 : hand_overwrite(w, buffer(w), length(s), pos);
}

static ssize_t write_at(struct worker *w, off_t pos)
{
	const struct setup *s = w->setup;
	ssize_t ret;

	if (s->by_hand)
		return write_by_hand(w, pos);
	ret = whole(s, s->stream || s->append ? write(w->fd, buffer(w), length(s))
					      : pwrite(w->fd, buffer(w), length(s), pos));
	return ret < 0 || sync_in_turn(w, pos) ? -1 : ret;
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

/*
 * Writes a log record as a program does that aligns its direct I/O itself: copies the record to its
 * place in an aligned buffer, and rewrites the one or two blocks of `size` bytes that it is in.
 */
static ssize_t record_once(struct worker *w)
{
	const struct setup *s = w->setup;
	uint64_t first, end;

	if (w->pos + 2 * s->size > w->end) {
		if (s->op->is & GROWS)
			return NO_MORE;
		w->pos = first_pos(w);
	}
	first = w->pos / s->size * s->size;
	end = (w->pos + s->record + s->size - 1) / s->size * s->size;
	memset(w->memory + (w->pos - first), (int)w->ops, s->record);
	if (pwrite(w->fd, w->memory, end - first, first) != (ssize_t)(end - first))
		return -1;
	w->pos += s->record;
	return s->record;
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

/* Returns the environment of the children: that of this process, with their own LD_PRELOAD. */
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
	{ "read", ON_FILE | TRANSFERS, read_once },
	{ "overwrite", ON_FILE | TRANSFERS | WRITES, overwrite_once },
	{ "extend", ON_FILE | TRANSFERS | WRITES | GROWS, extend_once },
	{ "records", ON_FILE | TRANSFERS | WRITES, record_once },
	{ "records-extend", ON_FILE | TRANSFERS | WRITES | GROWS, record_once },
	{ "null", 0, null_once },
	{ "cached", ON_FILE, cached_once },
	{ "open", ON_FILE, open_once },
	{ "spawn", 0, spawn_once },
};

const struct op *op_find(const char *name)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	return NULL;
}

int worker_finish(struct worker *w)
{
	return fsync_if_buffered(w);
}
