/* Creates a test file, and makes test calls. See probe_try.h. */
#include "probe/probe_try.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"
#include "probe/probe_call.h"
#include "probe/probe_look.h"
#include "probe/probe_refusal.h"

enum {
	SPAN_LEAST = 65536, /* a multiple of all usual alignments */
	SPAN_MOST = 16777216,
};

static size_t span_for(const struct probe *p)
{
	size_t span = SPAN_LEAST;

	while ((int64_t)span < p->offset_align && span < SPAN_MOST)
		span *= 2;
	return span;
}

/*
 * For file systems without O_TMPFILE: creates a file whose name exists for a moment only. Signals
 * are blocked, so that none ends the process before the file is unlinked.
 */
static int make_and_unlink(const char *directory)
{
	char *name = alloc_format("%s/.dioshim-XXXXXX", directory);
	sigset_t all, before;
	int fd, error;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fd = mkostemp(name, O_CLOEXEC);
	error = errno;
	if (fd >= 0)
		unlink(name);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(name);
	errno = error;
	return fd;
}

/*
 * Opens a new file without O_DIRECT: a file system that does not support O_DIRECT would fail with
 * EINVAL only after it had created the file. With `named`, the file may have a name for a moment.
 */
static int open_new_file(const char *directory, bool named)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* Kernels without O_TMPFILE return EISDIR. */
	if (fd < 0 && named && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOSYS))
		fd = make_and_unlink(directory);
	return fd;
}

/* Writes the file, so that the test calls neither extend it nor fill a hole. */
static bool fill_file(int fd, const struct probe_scene *s)
{
	long ret = syscall(SYS_pwrite64, fd, s->buffer, 2 * s->span, 0);

	if (ret >= 0 && ret < (long)(2 * s->span))
		errno = ENOSPC;
	return ret == (long)(2 * s->span);
}

static void note_results(struct probe *p)
{
	probe_refusal_tried(p);
	if (p->refused)
		return;
	if (p->aligned.way == PROBE_REFUSED)
		probe_note(p, "aligned calls also fail: %s", strerror(p->aligned.error));
	else if (p->aligned.way == PROBE_BUFFERED && p->address.way == PROBE_BUFFERED &&
		 p->offset.way == PROBE_BUFFERED)
		probe_note(p, "accepts misaligned calls, through the page cache");
	else if (p->aligned.way == PROBE_BUFFERED)
		probe_note(p, "aligned calls also go through the page cache");
	else if (p->address.way != PROBE_REFUSED && p->offset.way != PROBE_REFUSED)
		probe_note(p, "accepts misaligned calls");
}

static void try_writes(int fd, struct probe *p)
{
	struct probe_scene scene;

	if (!probe_scene_open(&scene, fd, true, span_for(p))) {
		probe_note(p, "not tried: %s", strerror(ENOMEM));
		return;
	}
	if (!fill_file(fd, &scene)) {
		probe_note(p, "not tried: %s", strerror(errno));
	} else if (fcntl(fd, F_SETFL, O_DIRECT)) {
		probe_note(p, "not tried: no O_DIRECT: %s", strerror(errno));
	} else {
		probe_call_all(&scene, p);
		note_results(p);
	}
	probe_scene_close(&scene);
}

/* Takes the alignments from the new file, unless the existing file has told them. */
static void look_at_new_file(int fd, struct probe *p)
{
	struct kernel_statx sx;

	if (!p->is_file && !probe_statx(fd, "", AT_EMPTY_PATH, &sx))
		probe_alignments(&sx, p);
}

/* Takes what a file in the directory tells, for a directory in which none can be created. */
static void look_at_file_in(struct probe *p, bool try)
{
	const char *directory = p->path;
	char *path = probe_file_in(p->directory);
	struct kernel_statx sx;

	if (!path || probe_statx(AT_FDCWD, path, 0, &sx)) {
		free(path);
		return;
	}
	probe_note(p, "a file in it was probed");
	probe_alignments(&sx, p);
	p->path = path;
	p->is_file = true;
	probe_refusal(p, try);
	p->is_file = false;
	p->path = directory;
	free(path);
}

void probe_new_file(struct probe *p, bool try)
{
	int fd;

	if (p->block_device || p->refused || (p->is_file && !try))
		return;
	if (!p->directory) {
		probe_note(p, "not tried: its directory is on another device");
		return;
	}
	fd = open_new_file(p->directory, try);
	if (fd < 0) {
		probe_note(p, "cannot create a file %s: %s",
			   p->is_file ? "in its directory" : "there", strerror(errno));
		if (!p->is_file)
			look_at_file_in(p, try);
		return;
	}
	look_at_new_file(fd, p);
	if (!p->is_file)
		probe_refusal_new(p, fd);
	if (try && !p->refused) {
		if (p->is_file)
			probe_note(p, "tried on a new file in its directory");
		try_writes(fd, p);
	}
	close(fd);
}

void probe_device(struct probe *p)
{
	int fd = open(p->path, O_RDONLY | O_DIRECT | O_NONBLOCK | O_CLOEXEC);
	struct probe_scene scene;

	if (fd < 0) {
		probe_note(p, "not tried: %s", strerror(errno));
		return;
	}
	if (probe_scene_open(&scene, fd, false, span_for(p))) {
		probe_note(p, "only reads were tried");
		probe_call_all(&scene, p);
		note_results(p);
		probe_scene_close(&scene);
	} else {
		probe_note(p, "not tried: %s", strerror(ENOMEM));
	}
	close(fd);
}
