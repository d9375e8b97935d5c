/* Writes of which only the address is misaligned: they stay asynchronous. */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aio_test.h"
#include "raw.h"

enum {
	LONGEST =
		128, /* blocks in a request: more than stays asynchronous, with others more than there is room for */
	AREA = LONGEST * BLOCK,
	FILL_ROUNDS = 6,
	SHORT_ROUNDS = 100,
	TURNS = 2000,
};

static char *misaligned(size_t size)
{
	return (char *)aligned(size + BLOCK) + 13;
}

static int filled(const char *path, size_t size)
{
	int fd = open_file(path, O_RDWR | O_CREAT | O_DIRECT);
	char *zeros = aligned(AREA);

	for (size_t pos = 0; pos < size; pos += AREA)
		equal("filled", pwrite(fd, zeros, AREA, (long)pos), AREA);
	free(zeros);
	return fd;
}

/* The block `number` of a round has this in each byte; never 0. */
static int mark(int round, int number)
{
	return 1 + (round * 7 + number) % 255;
}

/* Writes a round: request i has its own AREA of the file, and its own memory. */
static void write_round(aio_context_t ctx, int fd, char *memory, int round, int blocks)
{
	static struct iocb cb[DEPTH];
	struct io_event e[DEPTH];
	size_t len = (size_t)blocks * BLOCK;

	for (int i = 0; i < DEPTH; i++) {
		char *at = memory + (size_t)i * AREA;

		memset(at, mark(round, i), len);
		cb[i] = ask(IOCB_CMD_PWRITE, fd, at, len, (long)i * AREA);
		equal("submitted", submit_one(ctx, &cb[i]), 1);
	}
	fetch(ctx, DEPTH, e);
	for (int i = 0; i < DEPTH; i++)
		equal("a result", e[i].res, (long)len);
}

static void verify_round(int fd, int round, int blocks)
{
	static char back[AREA] __attribute__((aligned(BLOCK)));
	size_t len = (size_t)blocks * BLOCK;

	for (int i = 0; i < DEPTH && !wrong; i++) {
		equal("read back", pread(fd, back, len, (long)i * AREA), (long)len);
		for (size_t k = 0; k < len && !wrong; k++)
			equal("a byte", (unsigned char)back[k], mark(round, i));
	}
}

/* Pieces of bounce memory are used again, and there are too few of them, but no request gets the bytes of another. */
void aio_pieces(const char *direct, const char *ordinary)
{
	int fd = filled(direct, (size_t)DEPTH * AREA);
	char *memory = misaligned((size_t)DEPTH * AREA);
	aio_context_t ctx = context(DEPTH);

	(void)ordinary;
	for (int round = 0; round < FILL_ROUNDS && !wrong; round++) {
		int blocks = round % 3 ? 1 + random_below(64) : LONGEST;

		write_round(ctx, fd, memory, round, blocks);
		verify_round(fd, round, blocks);
	}
	for (int round = 0; round < SHORT_ROUNDS && !wrong; round++)
		write_round(ctx, fd, memory, round, 1);
	verify_round(fd, SHORT_ROUNDS - 1, 1);
}

/* For strace: what is submitted, and that nothing is left of it. */
void aio_bounced(const char *direct, const char *ordinary)
{
	int fd = filled(direct, AREA);
	char *memory = misaligned((size_t)8 * BLOCK);
	aio_context_t ctx = context(8);
	int next = dup(0);
	struct iovec iov[2] = { { memory, 1000 }, { memory + 1000, BLOCK - 1000 } };
	struct iocb cb[8];
	struct io_event e[8];

	(void)ordinary;
	close(next);
	for (int i = 0; i < 8; i++) {
		cb[i] = ask(IOCB_CMD_PWRITE, fd, memory + (size_t)i * BLOCK, BLOCK,
			    (long)i * BLOCK);
		if (i == 3) {
			cb[i].aio_lio_opcode = IOCB_CMD_PWRITEV;
			cb[i].aio_buf = (uintptr_t)iov;
			cb[i].aio_nbytes = 2;
		}
		equal("submitted", submit_one(ctx, &cb[i]), 1);
	}
	fetch(ctx, 8, e);
	equal("no descriptor is left", dup(0), next);
}

/*
 * Returns how many bytes of the stack a submission takes: those below this frame are filled with a pattern first. `p` is
 * volatile, or the compiler would make the loop a call.
 */
static __attribute__((noinline)) long stack_of(aio_context_t ctx, struct iocb *cb)
{
	enum { ROOM = 16384, GAP = 512, PAINT = 0xa5 };
	unsigned char *here = __builtin_frame_address(0);
	volatile unsigned char *p;
	struct io_event e;

	for (p = here - ROOM; p < here - GAP; p++)
		*p = PAINT;
	equal("submitted", syscall(SYS_io_submit, ctx, 1, &cb), 1);
	for (p = here - ROOM; *p == PAINT;)
		p++;
	fetch(ctx, 1, &e);
	return here - p;
}

void aio_stack(const char *direct, const char *ordinary)
{
	enum { LIMIT = 2560 };
	int fd = filled(direct, AREA);
	char *memory = misaligned(BLOCK);
	aio_context_t ctx = context(1);
	struct iocb asked[] = {
		ask(IOCB_CMD_PWRITE, fd, memory, BLOCK, 0),
		ask(IOCB_CMD_PWRITE, fd, memory, BLOCK - 1, 3),
		ask(IOCB_CMD_PWRITE, fd, memory, BLOCK - 1, AREA - 1),
		ask(IOCB_CMD_PREAD, fd, memory, BLOCK, 0),
		ask(IOCB_CMD_PREAD, fd, memory, BLOCK - 1, 3),
	};

	(void)ordinary;
	/* The first round makes what is made on first use. */
	for (int i = 0; i < 10; i++) {
		long used = stack_of(ctx, &asked[i % 5]);

		printf("request %d: %ld bytes of stack\n", i % 5, used);
		holds("no more than documented", used < LIMIT);
	}
}

/* One thread submits, the other fetches, and uses the iocb again at once. Both on one processor. */
struct relay {
	int fd;
	aio_context_t ctx;
	char *memory;
	pthread_barrier_t *ready;
	struct iocb *free[2 * DEPTH]; /* a ring of those that may be submitted */
	_Atomic int put, taken;
};

static void on_one_processor(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *submit_relay(void *arg)
{
	struct relay *r = arg;

	on_one_processor();
	for (int i = 0; i < TURNS; i++) {
		while (r->taken == r->put)
			sched_yield();
		equal("submitted", submit_one(r->ctx, r->free[r->taken++ % (2 * DEPTH)]), 1);
	}
	return NULL;
}

static void prepare(struct relay *r, struct iocb *cb, int i)
{
	/* Every other one is made at submission, and has its event before io_submit() returns. */
	*cb = ask(IOCB_CMD_PWRITE, r->fd, r->memory + (size_t)(i % DEPTH) * BLOCK,
		  i % 2 ? BLOCK : 1000, (long)(i % DEPTH) * BLOCK);
	r->free[r->put % (2 * DEPTH)] = cb;
	r->put++;
}

void aio_relay(const char *direct, const char *ordinary)
{
	struct relay r = { .fd = filled(direct, AREA), .ctx = context(DEPTH) };
	struct iocb cb[4], asked[4];
	pthread_t t;

	(void)ordinary;
	r.memory = misaligned((size_t)DEPTH * BLOCK);
	on_one_processor();
	for (int i = 0; i < 4; i++) {
		prepare(&r, &cb[i], i);
		asked[i] = cb[i];
	}
	pthread_create(&t, NULL, submit_relay, &r);
	for (int i = 4; i < TURNS + 4; i++) {
		struct io_event e;
		struct iocb *done;
		const struct iocb *was;

		fetch(r.ctx, 1, &e);
		done = (struct iocb *)(uintptr_t)e.obj;
		was = &asked[done - cb];
		holds("the iocb is as it was when its event is there",
		      !memcmp(done, was, sizeof(*done)));
		equal("a result", e.res, (long)was->aio_nbytes);
		if (i < TURNS) {
			prepare(&r, done, i);
			asked[done - cb] = *done;
		}
	}
	pthread_join(t, NULL);
}

/* Submits requests and ends the context, the image or the process with all of them under way. */
enum ending { DESTROYED, FORKED, EXITED, EXECUTED, ENDINGS };

static void end_with(enum ending how, aio_context_t ctx)
{
	int status = 0;
	pid_t child;

	switch (how) {
	case DESTROYED:
		equal("destroyed", syscall(SYS_io_destroy, ctx), 0);
		break;
	case FORKED:
		child = fork();
		if (!child)
			_exit(0);
		waitpid(child, &status, 0);
		equal("destroyed", syscall(SYS_io_destroy, ctx), 0);
		break;
	case EXECUTED:
		execl("/bin/true", "true", NULL);
		err(98, "exec");
	default:
		break;
	}
	_exit(wrong);
}

void aio_endings(const char *direct, const char *ordinary)
{
	int fd = filled(direct, (size_t)DEPTH * AREA);
	char *memory = misaligned((size_t)DEPTH * BLOCK);

	(void)ordinary;
	for (int how = 0; how < 2 * ENDINGS && !wrong; how++) {
		pid_t child = fork();
		int status;

		if (!child) {
			aio_context_t ctx = context(DEPTH);
			struct iocb cb[DEPTH];

			for (int i = 0; i < DEPTH; i++) {
				char *at = memory + (size_t)i * BLOCK;

				memset(at, mark(how, i), BLOCK);
				cb[i] = ask(IOCB_CMD_PWRITE, fd, at, BLOCK, (long)i * AREA);
				equal("submitted", submit_one(ctx, &cb[i]), 1);
			}
			end_with(how % ENDINGS, ctx);
		}
		waitpid(child, &status, 0);
		equal("status", status, 0);
		verify_round(fd, how, 1);
	}
}
