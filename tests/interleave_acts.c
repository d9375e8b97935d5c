/* The calls that actors make. See interleave_puppet.h and interleave_acts.h. */
#include "interleave_acts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interleave_outcome.h"

struct op *call_begin(struct actor *a, enum op_kind kind, const struct handle *h)
{
	int number = stage->op_count[a->index];
	struct op *op = &stage->ops[a->index][number];

	if (number == OPS_MAX)
		puppet_trouble("more than %d calls", OPS_MAX);
	*op = (struct op){ .kind = kind, .file = -1, .pos = -1 };
	if (h) {
		op->file = h->file;
		op->direct = h->direct;
		op->appends = h->appends;
	}
	stage->op_count[a->index]++;
	return op;
}

void call_name(struct op *op, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(op->text, sizeof(op->text), format, ap);
	va_end(ap);
}

void call_starts(struct actor *a)
{
	puppet_mark(MARK_START, stage->op_count[a->index] - 1);
	errno = 0;
}

void call_ends(struct actor *a, struct op *op, long ret)
{
	op->ret = ret;
	op->err = ret < 0 ? errno : 0;
	puppet_mark(MARK_END, stage->op_count[a->index] - 1);
}

char call_file(struct handle h)
{
	return (char)('A' + h.file);
}

char call_letter(const struct actor *a)
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
		puppet_trouble("mmap: %s", strerror(errno));
	return at;
}

/* Returns the actor's own memory, at a misaligned address if the call is misaligned. */
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
	char fill = call_letter(a);
	struct op *op = call_begin(a, OP_WRITE, &h);
	unsigned char *from = memory(a, op, len, pos);

	memset(from, fill, len);
	op->pos = h.appends ? -1 : pos;
	op->aligned = op->aligned && !h.appends;
	call_name(op, "pwrite(%c, %zu '%c', %lld)", call_file(h), len, fill, (long long)pos);
	call_starts(a);
	call_ends(a, op, pwrite(h.fd, from, len, pos));
}

void act_write(struct actor *a, struct handle h, size_t len)
{
	char fill = call_letter(a);
	struct op *op = call_begin(a, OP_WRITE, &h);
	unsigned char *from = memory(a, op, len, 0);

	op->aligned = false; /* the offset is unknown */
	memset(from, fill, len);
	call_name(op, "write(%c, %zu '%c')", call_file(h), len, fill);
	call_starts(a);
	call_ends(a, op, write(h.fd, from, len));
}

void act_write_torn(struct actor *a, struct handle h, size_t len, size_t good)
{
	char fill = call_letter(a);
	struct op *op = call_begin(a, OP_WRITE, &h);
	unsigned char *from = buffers[a->index] + BUFFER - PAGE - good;

	memset(from, fill, good);
	op->len = len;
	call_name(op, "write(%c, %zu '%c', %zu of them mapped)", call_file(h), len, fill, good);
	call_starts(a);
	call_ends(a, op, write(h.fd, from, len));
}

void act_pread(struct actor *a, struct handle h, size_t len, off_t pos)
{
	struct op *op = call_begin(a, OP_READ, &h);
	unsigned char *into = memory(a, op, len, pos);

	memset(into, '?', len);
	op->pos = pos;
	call_name(op, "pread(%c, %zu, %lld)", call_file(h), len, (long long)pos);
	call_starts(a);
	call_ends(a, op, pread(h.fd, into, len, pos));
	describe_bytes(op->data, sizeof(op->data), into, op->ret);
}

void act_read(struct actor *a, struct handle h, size_t len)
{
	struct op *op = call_begin(a, OP_READ, &h);
	unsigned char *into = memory(a, op, len, 0);

	op->aligned = false;
	memset(into, '?', len);
	call_name(op, "read(%c, %zu)", call_file(h), len);
	call_starts(a);
	call_ends(a, op, read(h.fd, into, len));
	describe_bytes(op->data, sizeof(op->data), into, op->ret);
}

void act_write_garbage(struct actor *a, struct handle h, size_t len)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	memset(buffers[a->index], 'x', len);
	call_name(op, "write(%d, %zu of garbage)", h.fd, len);
	call_starts(a);
	call_ends(a, op, write(h.fd, buffers[a->index], len));
}

void act_close(struct actor *a, struct handle h)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	call_name(op, "close(%c)", call_file(h));
	call_starts(a);
	call_ends(a, op, close(h.fd));
}

void act_close_range(struct actor *a, struct handle h)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	call_name(op, "close_range(%c, %c)", call_file(h), call_file(h));
	call_starts(a);
	call_ends(a, op, close_range((unsigned)h.fd, (unsigned)h.fd, 0));
}

void act_dup2(struct actor *a, struct handle from, struct handle to)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	call_name(op, "dup2(%c, %c)", call_file(from), call_file(to));
	call_starts(a);
	call_ends(a, op, dup2(from.fd, to.fd));
}

struct handle act_open(struct actor *a, int file, int flags)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);
	struct handle h = { .file = file, .appends = flags & O_APPEND };

	call_name(op, "open(%c)", call_file(h));
	call_starts(a);
	h.fd = open(stage->paths[file], flags, 0600);
	call_ends(a, op, h.fd);
	return h;
}

static struct watched *watched(struct handle h)
{
	for (int i = 0; i < stage->watched_count; i++)
		if (stage->watched[i].fd == h.fd)
			return &stage->watched[i];
	puppet_trouble("descriptor %d is not watched", h.fd);
}

/* Adds O_DIRECT in a reference run where the program believes that it is set. */
static int flags_seen(struct handle h, int flags)
{
	return flags >= 0 && watched(h)->direct && !stage->direct ? flags | O_DIRECT : flags;
}

void act_getfl(struct actor *a, struct handle h)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	call_name(op, "fcntl(%c, F_GETFL)", call_file(h));
	call_starts(a);
	call_ends(a, op, flags_seen(h, fcntl(h.fd, F_GETFL)));
	snprintf(op->data, sizeof(op->data), "%s", op->ret & O_DIRECT ? "O_DIRECT" : "no O_DIRECT");
}

void act_change_flags(struct actor *a, struct handle h, int change)
{
	int flags;
	struct op *op;

	act_getfl(a, h);
	flags = (int)stage->ops[a->index][stage->op_count[a->index] - 1].ret ^ change;
	op = call_begin(a, OP_OTHER, NULL);
	call_name(op, "fcntl(%c, F_SETFL, flags ^ %#o)", call_file(h), change);
	call_starts(a);
	call_ends(a, op, fcntl(h.fd, F_SETFL, stage->direct ? flags : flags & ~O_DIRECT));
	watched(h)->direct = flags & O_DIRECT;
}

void act_lseek(struct actor *a, struct handle h, off_t pos)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	call_name(op, "lseek(%c, %lld)", call_file(h), (long long)pos);
	call_starts(a);
	call_ends(a, op, lseek(h.fd, pos, SEEK_SET));
}

void act_ftruncate(struct actor *a, struct handle h, off_t size)
{
	/* It may make any page of the file dirty, like a write at an unknown offset. */
	struct op *op = call_begin(a, OP_WRITE, &(struct handle){ .file = h.file });

	call_name(op, "ftruncate(%c, %lld)", call_file(h), (long long)size);
	call_starts(a);
	call_ends(a, op, ftruncate(h.fd, size));
}

void act_fsync(struct actor *a, struct handle h)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	call_name(op, "fsync(%c)", call_file(h));
	call_starts(a);
	call_ends(a, op, fsync(h.fd));
}

void act_fork(struct actor *a, int number, void (*play)(struct actor *a))
{
	struct op *op = call_begin(a, OP_OTHER, NULL);
	pid_t child;

	call_name(op, "fork()");
	call_starts(a);
	child = fork();
	if (child == 0) {
		stage->pids[number] = getpid();
		puppet_play(&(struct actor){ .index = number }, play);
	}
	call_ends(a, op, child > 0 ? 1 : -1);
}
