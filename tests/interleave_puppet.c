/* The program under test. See interleave_puppet.h. */
#include "interleave_acts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interleave_file.h"
#include "raw.h"

struct stage *stage;
unsigned char *buffers[ACTORS_MAX];
static const struct scenario *scene;

void puppet_trouble(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(stage->trouble, sizeof(stage->trouble), format, ap);
	va_end(ap);
	_exit(99);
}

/* Only the tool sees the signal; it does not deliver it. */
static void stop_here(void)
{
	raw_syscall(SYS_tgkill, getpid(), gettid(), SIGTRAP);
}

void puppet_mark(enum mark what, int number)
{
	raw_syscall(MARK_CALL, (long)what, (long)number);
}

/* --- Setting up --- */

static void watch(struct handle h)
{
	if (stage->watched_count == WATCHED_MAX)
		puppet_trouble("more than %d descriptors to watch", WATCHED_MAX);
	stage->watched[stage->watched_count++] =
		(struct watched){ .fd = h.fd, .file = h.file, .direct = h.direct };
}

static struct handle open_watched(int file, int flags, bool direct, bool unseen)
{
	struct handle h = { .file = file, .direct = direct, .appends = flags & O_APPEND };
	const char *path = stage->paths[file];

	flags |= direct && stage->direct ? O_DIRECT : 0;
	h.fd = unseen ? (int)raw_syscall(SYS_openat, AT_FDCWD, path, flags, 0600)
		      : open(path, flags, 0600);
	if (h.fd < 0)
		puppet_trouble("%s: %s", stage->paths[file], strerror(errno));
	watch(h);
	return h;
}

struct handle open_direct(int file, int flags)
{
	return open_watched(file, flags, true, false);
}

struct handle open_ordinary(int file, int flags)
{
	return open_watched(file, flags, false, false);
}

struct handle open_unseen(int file, int flags)
{
	return open_watched(file, flags, true, true);
}

struct handle same_description(struct handle h)
{
	h.fd = dup(h.fd);
	if (h.fd < 0)
		puppet_trouble("dup: %s", strerror(errno));
	return h;
}

struct handle number_reused(const char *path, int flags)
{
	struct handle h = { .file = -1 };
	int direct = open(stage->paths[0], O_RDWR | (stage->direct ? O_DIRECT : 0));

	/* Without the shim the call fails with EINVAL. */
	if (direct < 0 || (pread(direct, buffers[0] + 1, 100, 5) != 100 && errno != EINVAL))
		puppet_trouble("%s: %s", stage->paths[0], strerror(errno));
	/* The C library, too, closes and opens without the shim in fclose() and fopen(). */
	raw_syscall(SYS_close, direct);
	h.fd = (int)raw_syscall(SYS_openat, AT_FDCWD, path, flags);
	if (h.fd != direct)
		puppet_trouble("%s: got %d, not %d", path, h.fd, direct);
	return h;
}

struct handle once_the_same(struct handle h, int flags)
{
	struct handle ordinary = { .file = h.file };
	int number = same_description(h).fd;

	raw_syscall(SYS_close, number);
	ordinary.fd = (int)raw_syscall(SYS_openat, AT_FDCWD, stage->paths[h.file], flags);
	if (ordinary.fd != number)
		puppet_trouble("%s: got %d, not %d", stage->paths[h.file], ordinary.fd, number);
	watch(ordinary);
	return ordinary;
}

void offset_at(struct handle h, off_t pos)
{
	if (lseek(h.fd, pos, SEEK_SET) != pos)
		puppet_trouble("lseek: %s", strerror(errno));
}

/* --- The server, and the program that it forks --- */

void puppet_play(struct actor *a, void (*play)(struct actor *a))
{
	play(a);
	puppet_mark(MARK_DONE, 0);
	_exit(0);
}

static void *actor_main(void *number)
{
	struct actor a = { .index = (int)(intptr_t)number };

	stage->tids[a.index] = gettid();
	stage->pids[a.index] = getpid();
	stop_here();
	puppet_play(&a, scene->play[a.index]);
}

static void start_actor(int number)
{
	pthread_t thread;
	pid_t child;

	if (!(scene->processes >> number & 1)) {
		if (pthread_create(&thread, NULL, actor_main, (void *)(intptr_t)number))
			puppet_trouble("pthread_create failed");
		return;
	}
	child = fork();
	if (child < 0)
		puppet_trouble("fork: %s", strerror(errno));
	if (!child)
		actor_main((void *)(intptr_t)number);
}

/* Forks children before threads start, so that no child inherits a lock of a thread. */
static void start_actors(bool processes)
{
	for (int i = 1; i < scene->actors; i++)
		if ((scene->processes >> i & 1) == processes)
			start_actor(i);
}

/* A misaligned read changes nothing. Descriptors that cannot be read stay cold. */
static void warm_up(void)
{
	for (int i = 0; i < stage->watched_count; i++)
		if (stage->watched[i].direct &&
		    pread(stage->watched[i].fd, buffers[0] + 1, 100, 5) < 0 && errno != EBADF &&
		    errno != EINVAL)
			puppet_trouble("pread: %s", strerror(errno));
}

static void program(void)
{
	scene = scenario_number(stage->scenario);
	scene->set_up();
	if (stage->warm)
		warm_up();
	start_actors(true);
	start_actors(false);
	actor_main(NULL);
}

static unsigned char *buffer_new(void)
{
	unsigned char *at = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED || munmap(at + BUFFER - PAGE, PAGE))
		_exit(98);
	return at;
}

int puppet_main(void)
{
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED, STAGE_FD, 0);
	if (stage == MAP_FAILED || close(STAGE_FD))
		_exit(98);
	for (int i = 0; i < ACTORS_MAX; i++)
		buffers[i] = buffer_new();
	/* The tool waits for the children. */
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		stop_here();
		if (!fork())
			program();
	}
}
