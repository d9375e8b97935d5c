/* Making the file, and trying. See probe_try.h. */
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

enum {
	SPAN_LEAST = 65536,     /* as large as alignments are */
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
 * Where there is no O_TMPFILE: a file that has a name for a moment. Signals wait, so that none ends
 * the process in that moment.
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
 * Without O_DIRECT: where that is refused, it is refused after the file was made, with the same
 * EINVAL that a wrong name would get.
 */
static int make(const char *directory, bool named)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	/* EISDIR is what kernels say that know no O_TMPFILE. */
	if (fd < 0 && named && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOSYS))
		fd = make_and_unlink(directory);
	return fd;
}

/* There is something to be overwritten, so that what is tried neither extends nor fills a hole. */
static bool fill(int fd, const struct probe_scene *s)
{
	long ret = syscall(SYS_pwrite64, fd, s->buffer, 2 * s->span, 0);

	if (ret >= 0 && ret < (long)(2 * s->span))
		errno = ENOSPC;
	return ret == (long)(2 * s->span);
}

static void say_what_follows(struct probe *p)
{
	if (p->aligned.way == PROBE_REFUSED)
		probe_note(p, "aligned calls fail, too: %s", strerror(p->aligned.error));
	else if (p->aligned.way == PROBE_BUFFERED && p->address.way == PROBE_BUFFERED &&
		 p->offset.way == PROBE_BUFFERED)
		probe_note(p, "takes anything, through the page cache");
	else if (p->aligned.way == PROBE_BUFFERED)
		probe_note(p, "aligned calls go through the page cache, too");
	else if (p->address.way != PROBE_REFUSED && p->offset.way != PROBE_REFUSED)
		probe_note(p, "takes anything");
}

static void try_writes(int fd, struct probe *p)
{
	struct probe_scene scene;

	if (!probe_scene_open(&scene, fd, true, span_for(p))) {
		probe_note(p, "not tried: %s", strerror(ENOMEM));
		return;
	}
	if (!fill(fd, &scene)) {
		probe_note(p, "not tried: %s", strerror(errno));
	} else if (fcntl(fd, F_SETFL, O_DIRECT)) {
		probe_note(p, "not tried: no O_DIRECT: %s", strerror(errno));
	} else {
		probe_call_all(&scene, p);
		say_what_follows(p);
	}
	probe_scene_close(&scene);
}

static void ask(int fd, struct probe *p)
{
	struct kernel_statx sx;

	if (!p->is_file && !probe_statx(fd, "", AT_EMPTY_PATH, &sx))
		probe_alignments(&sx, p);
}

void probe_new_file(struct probe *p, bool try)
{
	int fd;

	if (p->block_device || (p->is_file && !try))
		return;
	if (!p->directory) {
		probe_note(p, "not tried: its directory is on another device");
		return;
	}
	fd = make(p->directory, try);
	if (fd < 0) {
		probe_note(p, "no new file %s: %s", p->is_file ? "beside it" : "there",
			   strerror(errno));
		return;
	}
	ask(fd, p);
	if (try) {
		if (p->is_file)
			probe_note(p, "tried on a new file beside it");
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
		say_what_follows(p);
		probe_scene_close(&scene);
	} else {
		probe_note(p, "not tried: %s", strerror(ENOMEM));
	}
	close(fd);
}
