/*
 * Linux AIO through the shim:
 *
 *	aio PART DIRECT ORDINARY    PART is one of the names in parts[]; what differs is printed
 *	aio aligned DIRECT ORDINARY aligned requests only, for strace
 *	aio count FILE              one aligned and one misaligned write and read, to be counted
 */
#include "aio_test.h"

#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw.h"

int wrong;

void equal(const char *what, long got, long wanted)
{
	if (got == wanted)
		return;
	wrong++;
	printf("%s: %ld, not %ld\n", what, got, wanted);
}

void holds(const char *what, bool right)
{
	if (right)
		return;
	wrong++;
	printf("not so: %s\n", what);
}

int open_file(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		err(99, "%s", path);
	return fd;
}

void *aligned(size_t size)
{
	void *p = aligned_alloc(BLOCK, (size + BLOCK - 1) / BLOCK * BLOCK);

	if (!p)
		err(99, "memory");
	return memset(p, 0, size);
}

int random_below(int end)
{
	static __thread unsigned seed = 1;

	return rand_r(&seed) % end;
}

aio_context_t context(unsigned events)
{
	aio_context_t ctx = 0;

	if (syscall(SYS_io_setup, events, &ctx))
		err(errno == EAGAIN ? 77 : 99, "io_setup");
	return ctx;
}

static long submit_by_number(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	long ret = syscall(SYS_io_submit, ctx, nr, iocbs);

	return ret < 0 ? -errno : ret;
}

long submit(aio_context_t ctx, long nr, struct iocb **iocbs)
{
	static int (*by_name)(aio_context_t, long, struct iocb **);
	int before;
	long ret;

	if (!by_name)
		by_name = (__typeof__(by_name))dlsym(RTLD_DEFAULT, "io_submit");
	if (!by_name || random_below(2))
		return submit_by_number(ctx, nr, iocbs);
	before = errno = 42;
	ret = by_name(ctx, nr, iocbs);
	equal("errno after io_submit() by name", errno, before);
	return ret;
}

long submit_one(aio_context_t ctx, struct iocb *cb)
{
	return submit(ctx, 1, &cb);
}

void fetch(aio_context_t ctx, int n, struct io_event *events)
{
	struct timespec soon = { 20, 0 };
	long got = syscall(SYS_io_getevents, ctx, n, n, events, &soon);

	if (got != n)
		errx(98, "%ld of %d events", got, n);
}

long transfer(aio_context_t ctx, struct iocb *cb)
{
	const struct iocb was = *cb;
	struct io_event e;
	long ret = submit_one(ctx, cb);

	holds("the iocb is as it was", !memcmp(&was, cb, sizeof(was)));
	if (ret != 1)
		return ret;
	fetch(ctx, 1, &e);
	holds("the event names the iocb", e.obj == (uintptr_t)cb);
	holds("the event carries the data", e.data == was.aio_data && !e.res2);
	return e.res;
}

struct iocb ask(int opcode, int fd, const void *buf, size_t len, long pos)
{
	static uint64_t data;

	return (struct iocb){
		.aio_data = ++data,
		.aio_lio_opcode = (uint16_t)opcode,
		.aio_fildes = (uint32_t)fd,
		.aio_buf = (uintptr_t)buf,
		.aio_nbytes = len,
		.aio_offset = pos,
	};
}

void same_contents(const char *direct, const char *ordinary)
{
	static char part[2][1 << 18];
	int fds[2] = { open_file(direct, O_RDONLY), open_file(ordinary, O_RDONLY) };
	ssize_t n[2];

	do {
		for (int side = 0; side < 2; side++)
			n[side] = read(fds[side], part[side], sizeof(part[side]));
		equal("bytes in the file", n[0], n[1]);
		holds("the files are equal", n[1] >= 0 && !memcmp(part[0], part[1], (size_t)n[1]));
	} while (n[1] > 0 && n[0] == n[1]);
	close(fds[0]);
	close(fds[1]);
}

static void count(const char *path)
{
	int fd = open_file(path, O_RDWR | O_CREAT | O_DIRECT);
	char *memory = aligned(2 * BLOCK);
	aio_context_t ctx = context(1);

	for (int misaligned = 0; misaligned < 2; misaligned++) {
		struct iocb w = ask(IOCB_CMD_PWRITE, fd, memory + misaligned, BLOCK, 0);
		struct iocb r = ask(IOCB_CMD_PREAD, fd, memory + misaligned, BLOCK, 0);

		equal("write", transfer(ctx, &w), BLOCK);
		equal("read", transfer(ctx, &r), BLOCK);
	}
}

static void only_aligned(const char *direct, const char *ordinary)
{
	int fd = open_file(direct, O_RDWR | O_CREAT | O_DIRECT);
	char *memory = aligned(BLOCK);
	aio_context_t ctx = context(1);

	(void)ordinary;
	for (int i = 0; i < 8; i++) {
		struct iocb cb =
			ask(i % 2 ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE, fd, memory, BLOCK, 0);

		equal("a request", transfer(ctx, &cb), BLOCK);
	}
}

static const struct {
	const char *name;
	void (*run)(const char *direct, const char *ordinary);
} parts[] = {
	{ "random", aio_random },    { "events", aio_events },	 { "refusals", aio_refusals },
	{ "appends", aio_appends },  { "threads", aio_threads }, { "beside", aio_beside },
	{ "aligned", only_aligned }, { "pieces", aio_pieces },	 { "bounced", aio_bounced },
	{ "stack", aio_stack },	     { "relay", aio_relay },	 { "endings", aio_endings },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(120);
	if (argc == 3 && !strcmp(argv[1], "count"))
		count(argv[2]);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (argc == 4 && !strcmp(argv[1], parts[i].name)) {
			parts[i].run(argv[2], argv[3]);
			return wrong ? 1 : 0;
		}
	return argc == 3 ? wrong != 0 : 99;
}
