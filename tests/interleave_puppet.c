/* The program under test. See interleave_puppet.h. */
#include "interleave_puppet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "interleave_outcome.h"

enum { BUFFER = 32768 };

static struct stage *stage;
/* One for each actor; the last page of each is not there. */
static unsigned char *buffers[ACTORS_MAX];
static const struct scenario *scene;

static void trouble(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void trouble(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(stage->trouble, sizeof(stage->trouble), format, ap);
	va_end(ap);
	_exit(99);
}

/* The tool sees the signal, and nobody else does. */
static void stop_here(void)
{
	syscall(SYS_tgkill, getpid(), gettid(), SIGTRAP);
}

static void mark(enum mark what, int number)
{
	syscall(MARK_CALL, (long)what, (long)number);
}

/* --- Setting up --- */

static void watch(struct handle h)
{
	if (stage->watched_count == WATCHED_MAX)
		trouble("more than %d descriptors to watch", WATCHED_MAX);
	stage->watched[stage->watched_count++] =
		(struct watched){ .fd = h.fd, .file = h.file, .direct = h.direct };
}

static struct handle open_watched(int file, int flags, bool direct)
{
	struct handle h = { .file = file, .direct = direct, .appends = flags & O_APPEND };

	h.fd = open(stage->paths[file], flags | (direct && stage->direct ? O_DIRECT : 0), 0600);
	if (h.fd < 0)
		trouble("%s: %s", stage->paths[file], strerror(errno));
	watch(h);
	return h;
}

struct handle open_direct(int file, int flags)
{
	return open_watched(file, flags, true);
}

struct handle open_ordinary(int file, int flags)
{
	return open_watched(file, flags, false);
}

struct handle same_description(struct handle h)
{
	h.fd = dup(h.fd);
	if (h.fd < 0)
		trouble("dup: %s", strerror(errno));
	return h;
}

/*
 * The number of a direct descriptor of file 0 that the shim has helped, now that of another file.
 */
struct handle number_reused(const char *path, int flags)
{
	struct handle h = { .file = -1 };
	int direct = open(stage->paths[0], O_RDWR | (stage->direct ? O_DIRECT : 0));

	if (direct < 0 || pread(direct, buffers[0] + 1, 100, 5) != 100)
		trouble("%s: %s", stage->paths[0], strerror(errno));
	/* Past the shim, as the C library does in fclose() and fopen(). */
	syscall(SYS_close, direct);
	h.fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags);
	if (h.fd != direct)
		trouble("%s: got %d, not %d", path, h.fd, direct);
	return h;
}

void offset_at(struct handle h, off_t pos)
{
	if (lseek(h.fd, pos, SEEK_SET) != pos)
		trouble("lseek: %s", strerror(errno));
}

/* --- One call --- */

static struct op *begin(struct actor *a, enum op_kind kind, const struct handle *h)
{
	int number = stage->op_count[a->index];
	struct op *op = &stage->ops[a->index][number];

	if (number == OPS_MAX)
		trouble("more than %d calls", OPS_MAX);
	*op = (struct op){ .kind = kind, .file = -1, .pos = -1 };
	if (h) {
		op->file = h->file;
		op->direct = h->direct;
		op->appends = h->appends;
	}
	stage->op_count[a->index]++;
	return op;
}

static void name(struct op *op, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void name(struct op *op, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(op->text, sizeof(op->text), format, ap);
	va_end(ap);
}

static void starts(struct actor *a)
{
	mark(MARK_START, stage->op_count[a->index] - 1);
	errno = 0;
}

static void ends(struct actor *a, struct op *op, long ret)
{
	op->ret = ret;
	op->err = ret < 0 ? errno : 0;
	mark(MARK_END, stage->op_count[a->index] - 1);
}

static char file_name(struct handle h)
{
	return (char)('A' + h.file);
}

/* Each write has its own: the first actor's are a, b, c, the second's A, B, C, and so on. */
static char letter(const struct actor *a)
{
	static const char first[ACTORS_MAX] = { 'a', 'A', '1', 'p' };

	return (char)(first[a->index] + stage->op_count[a->index]);
}

static bool whole_blocks(size_t len, off_t pos)
{
	return !(len % PAGE) && !(pos % PAGE);
}

static unsigned char *large_buffer(size_t len)
{
	unsigned char *at = mmap(NULL, len + PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		trouble("mmap: %s", strerror(errno));
	return at;
}

/* Memory of the actor's own, misaligned for a misaligned call. */
static unsigned char *memory(const struct actor *a, struct op *op, size_t len, off_t pos)
{
	op->len = len;
	op->aligned = whole_blocks(len, pos);
	if (len >= BUFFER - PAGE)
		buffers[a->index] = large_buffer(len);
	return buffers[a->index] + (op->aligned ? 0 : 1);
}

void act_pwrite(struct actor *a, struct handle h, size_t len, off_t pos)
{
	char fill = letter(a);
	struct op *op = begin(a, OP_WRITE, &h);
	unsigned char *from = memory(a, op, len, pos);

	memset(from, fill, len);
	op->pos = h.appends ? -1 : pos;
	op->aligned = op->aligned && !h.appends;
	name(op, "pwrite(%c, %zu '%c', %lld)", file_name(h), len, fill, (long long)pos);
	starts(a);
	ends(a, op, pwrite(h.fd, from, len, pos));
}

void act_write(struct actor *a, struct handle h, size_t len)
{
	char fill = letter(a);
	struct op *op = begin(a, OP_WRITE, &h);
	unsigned char *from = memory(a, op, len, 0);

	op->aligned = false; /* who knows where the offset is */
	memset(from, fill, len);
	name(op, "write(%c, %zu '%c')", file_name(h), len, fill);
	starts(a);
	ends(a, op, write(h.fd, from, len));
}

void act_write_torn(struct actor *a, struct handle h, size_t len, size_t good)
{
	char fill = letter(a);
	struct op *op = begin(a, OP_WRITE, &h);
	unsigned char *from = buffers[a->index] + BUFFER - PAGE - good;

	memset(from, fill, good);
	op->len = len;
	name(op, "write(%c, %zu '%c', of which %zu are there)", file_name(h), len, fill, good);
	starts(a);
	ends(a, op, write(h.fd, from, len));
}

void act_pread(struct actor *a, struct handle h, size_t len, off_t pos)
{
	struct op *op = begin(a, OP_READ, &h);
	unsigned char *into = memory(a, op, len, pos);

	memset(into, '?', len);
	op->pos = pos;
	name(op, "pread(%c, %zu, %lld)", file_name(h), len, (long long)pos);
	starts(a);
	ends(a, op, pread(h.fd, into, len, pos));
	describe_bytes(op->data, sizeof(op->data), into, op->ret);
}

void act_read(struct actor *a, struct handle h, size_t len)
{
	struct op *op = begin(a, OP_READ, &h);
	unsigned char *into = memory(a, op, len, 0);

	op->aligned = false;
	memset(into, '?', len);
	name(op, "read(%c, %zu)", file_name(h), len);
	starts(a);
	ends(a, op, read(h.fd, into, len));
	describe_bytes(op->data, sizeof(op->data), into, op->ret);
}

void act_write_garbage(struct actor *a, struct handle h, size_t len)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	memset(buffers[a->index], 'x', len);
	name(op, "write(%d, %zu of garbage)", h.fd, len);
	starts(a);
	ends(a, op, write(h.fd, buffers[a->index], len));
}

void act_close(struct actor *a, struct handle h)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	name(op, "close(%c)", file_name(h));
	starts(a);
	ends(a, op, close(h.fd));
}

void act_close_range(struct actor *a, struct handle h)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	name(op, "close_range(%c, %c)", file_name(h), file_name(h));
	starts(a);
	ends(a, op, close_range((unsigned)h.fd, (unsigned)h.fd, 0));
}

void act_dup2(struct actor *a, struct handle from, struct handle to)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	name(op, "dup2(%c, %c)", file_name(from), file_name(to));
	starts(a);
	ends(a, op, dup2(from.fd, to.fd));
}

struct handle act_open(struct actor *a, int file, int flags)
{
	struct op *op = begin(a, OP_OTHER, NULL);
	struct handle h = { .file = file, .appends = flags & O_APPEND };

	name(op, "open(%c)", file_name(h));
	starts(a);
	h.fd = open(stage->paths[file], flags, 0600);
	ends(a, op, h.fd);
	return h;
}

static struct watched *watched(struct handle h)
{
	for (int i = 0; i < stage->watched_count; i++)
		if (stage->watched[i].fd == h.fd)
			return &stage->watched[i];
	trouble("descriptor %d is not watched", h.fd);
}

/* As they would be if the ordinary file's description, too, could be direct. */
static int flags_seen(struct handle h, int flags)
{
	return flags >= 0 && watched(h)->direct && !stage->direct ? flags | O_DIRECT : flags;
}

void act_getfl(struct actor *a, struct handle h)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	name(op, "fcntl(%c, F_GETFL)", file_name(h));
	starts(a);
	ends(a, op, flags_seen(h, fcntl(h.fd, F_GETFL)));
	snprintf(op->data, sizeof(op->data), "%s", op->ret & O_DIRECT ? "O_DIRECT" : "no O_DIRECT");
}

void act_change_flags(struct actor *a, struct handle h, int change)
{
	int flags;
	struct op *op;

	act_getfl(a, h);
	flags = (int)stage->ops[a->index][stage->op_count[a->index] - 1].ret ^ change;
	op = begin(a, OP_OTHER, NULL);
	name(op, "fcntl(%c, F_SETFL, flags ^ %#o)", file_name(h), change);
	starts(a);
	ends(a, op, fcntl(h.fd, F_SETFL, stage->direct ? flags : flags & ~O_DIRECT));
	watched(h)->direct = flags & O_DIRECT;
}

void act_lseek(struct actor *a, struct handle h, off_t pos)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	name(op, "lseek(%c, %lld)", file_name(h), (long long)pos);
	starts(a);
	ends(a, op, lseek(h.fd, pos, SEEK_SET));
}

void act_ftruncate(struct actor *a, struct handle h, off_t size)
{
	/* A write to any of its pages, as far as the page cache is concerned. */
	struct op *op = begin(a, OP_WRITE, &(struct handle){ .file = h.file });

	name(op, "ftruncate(%c, %lld)", file_name(h), (long long)size);
	starts(a);
	ends(a, op, ftruncate(h.fd, size));
}

void act_fsync(struct actor *a, struct handle h)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	name(op, "fsync(%c)", file_name(h));
	starts(a);
	ends(a, op, fsync(h.fd));
}

static void act(struct actor *a, void (*play)(struct actor *a)) __attribute__((noreturn));
static void act(struct actor *a, void (*play)(struct actor *a))
{
	play(a);
	mark(MARK_DONE, 0);
	_exit(0);
}

void act_fork(struct actor *a, int number, void (*play)(struct actor *a))
{
	struct op *op = begin(a, OP_OTHER, NULL);
	pid_t child;

	name(op, "fork()");
	starts(a);
	child = fork();
	if (child == 0) {
		stage->pids[number] = getpid();
		act(&(struct actor){ .index = number }, play);
	}
	ends(a, op, child > 0 ? 1 : -1);
}

/* --- Faults on purpose, which an ordinary file's turn is without --- */

/* Reads the page, changes it, and writes it back. */
static long careless_write(const struct actor *a, int fd, char fill, size_t len, off_t pos)
{
	unsigned char *page = buffers[a->index];
	off_t start = pos - pos % PAGE;

	if (pread(fd, page, PAGE, start) != PAGE)
		return -1;
	memset(page + pos % PAGE, fill, len);
	return pwrite(fd, page, PAGE, start) == PAGE ? (long)len : -1;
}

/* Through the page cache, and no further. */
static long lazy_write(int fd, const void *from, size_t len, off_t pos)
{
	int flags = fcntl(fd, F_GETFL);
	long ret;

	fcntl(fd, F_SETFL, flags & ~O_DIRECT);
	ret = pwrite(fd, from, len, pos);
	fcntl(fd, F_SETFL, flags);
	return ret;
}

/* As long as whole blocks make the file, and then cut. */
static long long_write(int fd, unsigned char *from, size_t len, off_t pos)
{
	if (pwrite(fd, from, PAGE, pos) != PAGE || ftruncate(fd, pos + (off_t)len))
		return -1;
	return (long)len;
}

void act_faulty_write(struct actor *a, struct handle h, size_t len, off_t pos, enum faulty how)
{
	char fill = letter(a);
	struct op *op = begin(a, OP_WRITE, &h);
	unsigned char *from = buffers[a->index];
	long ret = -1;

	memset(from, fill, PAGE);
	op->pos = pos;
	op->len = len;
	name(op, "faulty(%c, %zu '%c', %lld)", file_name(h), len, fill, (long long)pos);
	starts(a);
	if (!stage->direct)
		ret = pwrite(h.fd, from, len, pos);
	else if (how == FAULT_CARELESS)
		ret = careless_write(a, h.fd, fill, len, pos);
	else if (how == FAULT_LAZY)
		ret = lazy_write(h.fd, from, len, pos);
	else
		ret = long_write(h.fd, from, len, pos);
	ends(a, op, ret);
}

static long futex(int *word, int what, int value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, what | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

void act_wait(struct actor *a, int *word, enum wait_how how, bool never)
{
	static const struct timespec hour = { .tv_sec = 3600 };
	struct op *op = begin(a, OP_OTHER, NULL);
	long ret = 0;

	name(op, "wait");
	starts(a);
	if (never && !stage->direct)
		__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(word, __ATOMIC_ACQUIRE) && !ret) {
		if (how == WAIT_SPINNING)
			sched_yield();
		else
			ret = futex(word, FUTEX_WAIT, 0, how == WAIT_TIMED ? &hour : NULL);
		if (ret && errno == EAGAIN)
			ret = 0;
	}
	ends(a, op, ret);
}

void act_wake(struct actor *a, int *word)
{
	struct op *op = begin(a, OP_OTHER, NULL);

	name(op, "wake");
	starts(a);
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	futex(word, FUTEX_WAKE, 1, NULL);
	ends(a, op, 0);
}

/* --- The server, and the program that it forks --- */

static void *actor_main(void *number)
{
	struct actor a = { .index = (int)(intptr_t)number };

	stage->tids[a.index] = gettid();
	stage->pids[a.index] = getpid();
	stop_here();
	act(&a, scene->play[a.index]);
}

static void start_actor(int number)
{
	pthread_t thread;
	pid_t child;

	if (!(scene->processes >> number & 1)) {
		if (pthread_create(&thread, NULL, actor_main, (void *)(intptr_t)number))
			trouble("pthread_create failed");
		return;
	}
	child = fork();
	if (child < 0)
		trouble("fork: %s", strerror(errno));
	if (!child)
		actor_main((void *)(intptr_t)number);
}

/* Children first: none of them inherits a thread's lock. */
static void start_actors(bool processes)
{
	for (int i = 1; i < scene->actors; i++)
		if ((scene->processes >> i & 1) == processes)
			start_actor(i);
}

/* Misaligned, and nothing is changed by it. What cannot be read stays cold. */
static void warm_up(void)
{
	for (int i = 0; i < stage->watched_count; i++)
		if (stage->watched[i].direct &&
		    pread(stage->watched[i].fd, buffers[0] + 1, 100, 5) < 0 && errno != EBADF)
			trouble("pread: %s", strerror(errno));
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
	/* The tool waits for them. */
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		stop_here();
		if (!fork())
			program();
	}
}
