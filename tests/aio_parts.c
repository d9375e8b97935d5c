/* What a program sees of a request that was made at submission: events, refusals, appends. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aio_test.h"
#include "raw.h"

/* The ring, as programs read it in their own memory (struct aio_ring, fs/aio.c). */
struct ring {
	unsigned id, nr;
	volatile unsigned head, tail;
	unsigned magic, compat, incompat, header_length;
	struct io_event events[];
};

/* Takes an event out of the ring without a system call, with or without a look at its magic. */
static bool reap(aio_context_t ctx, bool check, struct io_event *e)
{
	struct ring *r = (struct ring *)(uintptr_t)ctx;

	if (check && (r->magic != 0xa10a10a1 || r->incompat))
		return false;
	if (r->head == r->tail)
		return false;
	*e = r->events[r->head];
	r->head = (r->head + 1) % r->nr;
	return true;
}

static void ring_readers(int fd, char *memory)
{
	aio_context_t ctx = context(8);
	struct io_event e;

	for (int check = 0; check < 2; check++) {
		struct iocb w = ask(IOCB_CMD_PWRITE, fd, memory + 1, 1000, 77);
		struct iocb r = ask(IOCB_CMD_PREAD, fd, memory + 2000, 1000, 77);

		memset(memory, 'r' + check, 1001);
		equal("submitted", submit_one(ctx, &w), 1);
		holds("the event is in the ring", reap(ctx, check, &e));
		equal("of a write", e.res, 1000);
		equal("submitted", submit_one(ctx, &r), 1);
		holds("the event is in the ring", reap(ctx, check, &e));
		holds("the data came before the event",
		      e.res == 1000 && memory[2999] == 'r' + check);
	}
	syscall(SYS_io_destroy, ctx);
}

static void signals_an_eventfd(aio_context_t ctx, int fd, char *memory)
{
	int counter = eventfd(0, EFD_NONBLOCK);
	struct iocb cb[3];
	struct iocb *list[3];
	struct io_event events[3];
	uint64_t n = 0;

	for (int i = 0; i < 3; i++) {
		cb[i] = ask(IOCB_CMD_PWRITE, fd, memory + i, i == 1 ? BLOCK : 999, 10000 * i);
		cb[i].aio_flags = IOCB_FLAG_RESFD;
		cb[i].aio_resfd = (uint32_t)counter;
		list[i] = &cb[i];
	}
	equal("submitted", submit(ctx, 3, list), 3);
	fetch(ctx, 3, events);
	equal("an eventfd", read(counter, &n, sizeof(n)), sizeof(n));
	equal("counts", (long)n, 3);
	close(counter);
}

/* One of three is aligned, others are no transfers. */
static void mixed(aio_context_t ctx, int fd, char *memory)
{
	struct iocb cb[4] = {
		ask(IOCB_CMD_PWRITE, fd, memory, BLOCK, 0),
		ask(IOCB_CMD_PWRITE, fd, memory + 1, 10, 3 * BLOCK + 5),
		ask(IOCB_CMD_FDSYNC, fd, NULL, 0, 0),
		ask(IOCB_CMD_PREAD, fd, memory + 8193, 100, 1),
	};
	struct iocb *list[] = { &cb[0], &cb[1], &cb[2], &cb[3] };
	struct io_event e[4];
	long sum = 0;

	equal("submitted", submit(ctx, 4, list), 4);
	fetch(ctx, 4, e);
	for (int i = 0; i < 4; i++)
		sum += e[i].res;
	equal("results", sum, BLOCK + 10 + 0 + 100);
}

void aio_events(const char *direct, const char *ordinary)
{
	int fd = open_file(direct, O_RDWR | O_CREAT | O_DIRECT);
	char *memory = aligned(4 * BLOCK);
	aio_context_t ctx = context(DEPTH);
	struct iocb w = ask(IOCB_CMD_PWRITE, fd, memory + 3, 777, 5);
	struct io_event e;
	struct timespec now = { 0, 0 };
	int next;

	(void)ordinary;
	equal("a write", transfer(ctx, &w), 777);
	equal("nothing is left", syscall(SYS_io_getevents, ctx, 0, 1, &e, &now), 0);
	next = dup(0);
	close(next);
	ring_readers(fd, memory);
	signals_an_eventfd(ctx, fd, memory);
	mixed(ctx, fd, memory);
	equal("no descriptor is left", dup(0), next);
	/* What has ended cannot be cancelled, and does not keep a context from ending. */
	equal("submitted", submit_one(ctx, &w), 1);
	equal("cancelled", syscall(SYS_io_cancel, ctx, &w, &e), -1);
	equal("submitted", submit_one(ctx, &w), 1);
	equal("destroyed", syscall(SYS_io_destroy, ctx), 0);
	equal("afterwards", submit_one(ctx, &w), -EINVAL);
	/* A descriptor that was not seen to be opened. */
	next = (int)raw_syscall(SYS_openat, AT_FDCWD, direct, O_RDWR | O_DIRECT);
	ctx = context(1);
	w = ask(IOCB_CMD_PWRITE, next, memory + 3, 777, 5);
	equal("unseen", transfer(ctx, &w), 777);
	close(next);
	/* A reader that needs the data only after close(2). */
	ctx = context(1);
	w = ask(IOCB_CMD_PREAD, fd, memory + 1, 777, 5);
	equal("submitted", submit_one(ctx, &w), 1);
	close(fd);
	fetch(ctx, 1, &e);
	equal("read", e.res, 777);
}

static void *unmapped(void)
{
	char *p = mmap(NULL, 3 * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + BLOCK, BLOCK);
	return p;
}

/* The same on both; `direct` may have no descriptor that is direct (btrfs, tmpfs). */
static void same(const char *what, aio_context_t ctx, struct iocb cb, int direct, int ordinary)
{
	long answer[2];

	cb.aio_fildes = (uint32_t)direct;
	answer[0] = transfer(ctx, &cb);
	cb.aio_fildes = (uint32_t)ordinary;
	answer[1] = transfer(ctx, &cb);
	equal(what, answer[0], answer[1]);
}

static void bad_lists(aio_context_t ctx, int fd, char *memory)
{
	struct iocb cb[2] = { ask(IOCB_CMD_PWRITE, fd, memory + 1, 100, 0),
			      ask(IOCB_CMD_PWRITE, fd, memory + 1, 100, 200) };
	char *hole = unmapped();
	struct iocb *list[3] = { &cb[0], (struct iocb *)(hole + BLOCK), &cb[1] };
	struct iocb **end = (struct iocb **)(hole + BLOCK) - 1;
	struct io_event e[2];
	struct stat st;

	equal("a bad iocb", submit(ctx, 3, list), 1);
	fetch(ctx, 1, e);
	equal("the one before it", e[0].res, 100);
	fstat(fd, &st);
	equal("the one after it is not made", st.st_size, 100);
	equal("first", submit(ctx, 2, list + 1), -EFAULT);
	*end = &cb[0];
	equal("a list that ends", submit(ctx, 2, end), 1);
	fetch(ctx, 1, e);
	equal("no list", submit(ctx, 1, NULL), -EFAULT);
	equal("nothing", submit(ctx, 0, NULL), 0);
	equal("less than nothing", submit(ctx, -1, list), -EINVAL);
	memcpy(hole, &cb[1], sizeof(cb[1]));
	mprotect(hole, BLOCK, PROT_READ);
	list[0] = (struct iocb *)hole;
	equal("an iocb that cannot be written", submit(ctx, 1, list), -EFAULT);
	equal("no context", submit_one(12345, &cb[1]), -EINVAL);
	fstat(fd, &st);
	equal("nothing was written", st.st_size, 100);
}

static void full_ring(int fd, char *memory)
{
	aio_context_t ctx = context(1);
	struct iocb cb = ask(IOCB_CMD_PREAD, fd, memory + 1, 10, 0);
	long n = 0, ret;
	struct io_event e;

	while ((ret = submit_one(ctx, &cb)) == 1 && n < 100000)
		n++;
	equal("a full ring", ret, -EAGAIN);
	fetch(ctx, 1, &e);
	syscall(SYS_io_destroy, ctx);
}

static void bad_requests(aio_context_t ctx, int d, int o, char *memory)
{
	char *hole = unmapped();
	struct iovec iov[2] = { { memory + 1, 300 }, { hole + BLOCK - 100, 200 } };
	struct iocb cb;

	same("no memory", ctx, ask(IOCB_CMD_PWRITE, 0, hole + BLOCK + 1, 100, 3), d, o);
	same("memory to read into", ctx, ask(IOCB_CMD_PREAD, 0, hole + BLOCK + 1, 100, 3), d, o);
	same("memory that ends", ctx, ask(IOCB_CMD_PWRITE, 0, hole + 1, 2 * BLOCK, 3), d, o);
	same("pieces that end", ctx, ask(IOCB_CMD_PWRITEV, 0, iov, 2, 3), d, o);
	same("pieces to read into", ctx, ask(IOCB_CMD_PREADV, 0, iov, 2, 3), d, o);
	same("no pieces", ctx, ask(IOCB_CMD_PREADV, 0, hole + BLOCK, 2, 3), d, o);
	same("too many pieces", ctx, ask(IOCB_CMD_PREADV, 0, iov, 5000, 3), d, o);
	same("a kernel address", ctx, ask(IOCB_CMD_PREAD, 0, (void *)-8192L, 100, 3), d, o);
	same("no bytes", ctx, ask(IOCB_CMD_PREAD, 0, memory + 1, 0, 3), d, o);
	same("before the start", ctx, ask(IOCB_CMD_PREAD, 0, memory + 1, 100, -3), d, o);
	same("beyond the end", ctx, ask(IOCB_CMD_PREAD, 0, memory + 1, 100, 1L << 30), d, o);
	same("an operation that is none", ctx, ask(99, 0, memory + 1, 100, 3), d, o);
	cb = ask(IOCB_CMD_PREAD, 0, memory + 1, 100, 3);
	cb.aio_reserved2 = 1;
	same("a field that must be 0", ctx, cb, d, o);
	cb.aio_reserved2 = 0;
	cb.aio_flags = IOCB_FLAG_RESFD;
	cb.aio_resfd = 9999;
	same("an eventfd that is none", ctx, cb, d, o);
	cb.aio_flags = IOCB_FLAG_IOPRIO;
	cb.aio_reqprio = 2 << 13 | 4;
	same("a priority", ctx, cb, d, o);
	cb.aio_flags = 0;
	cb.aio_rw_flags = 0x02;
	cb.aio_lio_opcode = IOCB_CMD_PWRITE;
	same("RWF_DSYNC", ctx, cb, d, o);
	cb.aio_rw_flags = 1 << 30;
	same("a flag of a later kernel", ctx, cb, d, o);
}

static void limited(aio_context_t ctx, int d, int o, char *memory)
{
	struct rlimit limit = { 20000, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	same("up to a limit", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 1, 2 * BLOCK, 19000), d, o);
	same("beyond a limit", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 1, 100, 30001), d, o);
}

/* O_DIRECT is set through another number of an ordinary description: this one was never seen to be direct. */
static void direct_by_another_number(const char *direct, const char *ordinary)
{
	int d = open_file(direct, O_RDWR | O_CREAT), d_too = dup(d);
	int o = open_file(ordinary, O_RDWR | O_CREAT);
	char *memory = aligned(4 * BLOCK);
	aio_context_t ctx = context(1);

	memset(memory, 'd', 4 * BLOCK);
	equal("F_SETFL", fcntl(d_too, F_SETFL, O_DIRECT), 0);
	/* Enough for a device with sectors of 512 bytes, and not for one with 4096. */
	same("sectors of 512", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 512, 1536, 512), d, o);
	same("an address", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 512, BLOCK, BLOCK), d, o);
	same("an odd length", ctx, ask(IOCB_CMD_PWRITE, 0, memory, 100, 3 * BLOCK), d, o);
	same_contents(direct, ordinary);
	close(d_too);
	close(d);
	close(o);
}

/* A synchronous call has been made on the number, whose alignments may have been guessed for it. */
static void after_a_guess(aio_context_t ctx, int d, int o, char *memory)
{
	memset(memory, 'g', 4 * BLOCK);
	equal("a write", pwrite(d, memory + 1, 3 * BLOCK, 3), 3 * BLOCK);
	equal("a write", pwrite(o, memory + 1, 3 * BLOCK, 3), 3 * BLOCK);
	same("sectors of 512", ctx, ask(IOCB_CMD_PREAD, 0, memory + 512, 1536, 512), d, o);
	same("sectors of 512", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 512, 1536, 512), d, o);
}

void aio_refusals(const char *direct, const char *ordinary)
{
	int d = open_file(direct, O_RDWR | O_CREAT | O_DIRECT);
	int o = open_file(ordinary, O_RDWR | O_CREAT);
	int dr = open_file(direct, O_RDONLY | O_DIRECT), or = open_file(ordinary, O_RDONLY);
	char *memory = aligned(4 * BLOCK);
	aio_context_t ctx = context(DEPTH);

	bad_lists(ctx, d, memory);
	same("the other file", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 1, 100, 0), d, o);
	full_ring(d, memory);
	bad_requests(ctx, d, o, memory);
	same("read-only", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 1, 100, 3), dr, or);
	same("closed", ctx, ask(IOCB_CMD_PWRITE, 0, memory + 1, 100, 3), 9999, 9998);
	direct_by_another_number(direct, ordinary);
	after_a_guess(ctx, d, o, memory);
	limited(ctx, d, o, memory);
}

/* O_APPEND is set through another number, so the first request of this one is an append. */
static void appends_by_another_number(const char *direct, const char *ordinary)
{
	int d = open_file(direct, O_RDWR | O_CREAT | O_DIRECT), d_too = dup(d);
	int o = open_file(ordinary, O_RDWR | O_CREAT), o_too = dup(o);
	char *memory = aligned(2 * BLOCK);
	aio_context_t ctx = context(1);

	memset(memory, 'a', 2 * BLOCK);
	same("before", ctx, ask(IOCB_CMD_PWRITE, 0, memory, BLOCK, 0), d, o);
	same("the same number", ctx, ask(IOCB_CMD_PWRITE, 0, memory, 100, 0), d_too, o_too);
	equal("F_SETFL", fcntl(d_too, F_SETFL, O_APPEND | O_DIRECT), 0);
	equal("F_SETFL", fcntl(o_too, F_SETFL, O_APPEND), 0);
	same("an odd append", ctx, ask(IOCB_CMD_PWRITE, 0, memory, 100, 0), d_too, o_too);
	same("a whole block", ctx, ask(IOCB_CMD_PWRITE, 0, memory, BLOCK, 0), d, o);
	equal("F_SETFL", fcntl(d_too, F_SETFL, O_DIRECT), 0);
	equal("F_SETFL", fcntl(o_too, F_SETFL, 0), 0);
	same("over the start", ctx, ask(IOCB_CMD_PWRITE, 0, memory, BLOCK, 0), d, o);
	same_contents(direct, ordinary);
	close(d_too);
	close(o_too);
	close(d);
	close(o);
}

/* Appends go to the end, whatever their offset says, also if no event can be had at first. */
void aio_appends(const char *direct, const char *ordinary)
{
	int d = open_file(direct, O_RDWR | O_CREAT | O_DIRECT | O_APPEND);
	int o = open_file(ordinary, O_RDWR | O_CREAT | O_APPEND);
	char *memory = aligned(10 * BLOCK);
	aio_context_t ctx = context(1);
	struct stat st[2];
	struct iocb cb;
	struct io_event e;
	long n = 0;

	appends_by_another_number(direct, ordinary);
	for (int i = 0; i < 60; i++) {
		size_t len = i % 3 ? (size_t)(1 + random_below(9 * BLOCK)) : 2 * BLOCK;

		for (int k = 0; k < 10 * BLOCK; k++)
			memory[k] = (char)(i + k % 251);
		same("an append", ctx, ask(IOCB_CMD_PWRITE, 0, memory + i % 4, len, 5), d, o);
	}
	same("memory that ends", ctx, ask(IOCB_CMD_PWRITE, 0, (char *)unmapped() + 1, 2 * BLOCK, 0),
	     d, o);
	same("no memory", ctx, ask(IOCB_CMD_PWRITE, 0, (char *)unmapped() + BLOCK + 1, 10, 0), d,
	     o);
	cb = ask(IOCB_CMD_PWRITE, d, memory + 1, 10, 0);
	fstat(d, &st[0]);
	fstat(o, &st[1]);
	equal("size", st[0].st_size, st[1].st_size);
	same_contents(direct, ordinary);
	while (submit_one(ctx, &cb) == 1)
		n++;
	fstat(d, &st[0]);
	equal("appended as often as submitted", st[0].st_size, st[1].st_size + 10 * n);
	for (; n; n--) {
		fetch(ctx, 1, &e);
		equal("an append", e.res, 10);
	}
}
