/* Random requests at depths 1 to 32, on a direct file and on an ordinary one. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "aio_test.h"

enum { ROOM = 20000, PIECES = 4, ROUNDS = 40, SPAN = 30000 };

/* One request, made on both files, each with memory of its own. */
struct one {
	struct iocb cb[2];
	struct iovec iov[2][PIECES];
	long res[2];
};

static char *memory[2]; /* DEPTH times ROOM bytes */
static struct one asked[DEPTH];

static int amount(void)
{
	switch (random_below(4)) {
	case 0:
		return (1 + random_below(4)) * BLOCK;
	case 1:
		return (1 + random_below(30)) * 512;
	default:
		return 1 + random_below(ROOM - 600);
	}
}

static int place(void)
{
	switch (random_below(4)) {
	case 0:
		return random_below(4) * BLOCK;
	case 1:
		return random_below(20) * 512;
	default:
		return random_below(10000);
	}
}

static void cut(struct one *o, int side, char *at, size_t len, int pieces, const int *sizes)
{
	for (int i = 0; i < pieces; i++) {
		size_t n = i == pieces - 1 ? len : len * (size_t)sizes[i] / 100;

		o->iov[side][i] = (struct iovec){ at, n };
		at += n;
		len -= n;
	}
}

/* Disjoint ranges, because the order of requests is not defined. */
static void choose(int i, const int fds[2], int fill)
{
	struct one *o = &asked[i];
	size_t shift = random_below(3) ? (size_t)random_below(500) : 0;
	size_t len = (size_t)amount();
	long pos = (long)i * SPAN + place();
	bool write = random_below(2), vector = !random_below(3);
	int pieces = 1 + random_below(PIECES);
	int sizes[PIECES];

	for (int k = 0; k < PIECES; k++)
		sizes[k] = random_below(100);
	for (int side = 0; side < 2; side++) {
		char *at = memory[side] + (size_t)i * ROOM + shift;

		memset(at, fill + i, len);
		cut(o, side, at, len, pieces, sizes);
		o->cb[side] =
			ask(write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, fds[side], at, len, pos);
		if (vector) {
			o->cb[side].aio_lio_opcode = write ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV;
			o->cb[side].aio_buf = (uintptr_t)o->iov[side];
			o->cb[side].aio_nbytes = (unsigned)pieces;
		}
	}
}

static void make(aio_context_t ctx, int side, int depth)
{
	struct iocb *list[DEPTH];
	struct io_event events[DEPTH];
	int done = 0;

	for (int i = 0; i < depth; i++)
		list[i] = &asked[i].cb[side];
	while (done < depth) {
		int n = 1 + random_below(depth - done);
		long ret = submit(ctx, n, list + done);

		equal("submitted", ret, n);
		if (ret <= 0)
			exit(1);
		done += (int)ret;
	}
	fetch(ctx, depth, events);
	for (int k = 0; k < depth; k++)
		for (int i = 0; i < depth; i++)
			if (events[k].obj == (uintptr_t)&asked[i].cb[side]) {
				holds("data", events[k].data == asked[i].cb[side].aio_data);
				asked[i].res[side] = events[k].res;
			}
}

void aio_random(const char *direct, const char *ordinary)
{
	const int fds[2] = { open_file(direct, O_RDWR | O_CREAT | O_DIRECT),
			     open_file(ordinary, O_RDWR | O_CREAT) };
	aio_context_t ctx[2] = { context(DEPTH), context(DEPTH) };

	for (int side = 0; side < 2; side++)
		memory[side] = aligned(DEPTH * ROOM);
	for (int round = 0; round < ROUNDS && !wrong; round++) {
		int depth = 1 + random_below(DEPTH);

		for (int i = 0; i < depth; i++) {
			asked[i].res[0] = asked[i].res[1] = -1000;
			choose(i, fds, round);
		}
		for (int side = 0; side < 2; side++)
			make(ctx[side], side, depth);
		for (int i = 0; i < depth; i++) {
			const struct iocb *cb = &asked[i].cb[0];

			equal("result", asked[i].res[0], asked[i].res[1]);
			if (asked[i].res[0] != asked[i].res[1])
				printf("opcode %d, %llu at %lld from %llx\n", cb->aio_lio_opcode,
				       (unsigned long long)cb->aio_nbytes,
				       (long long)cb->aio_offset, (unsigned long long)cb->aio_buf);
		}
		holds("the memory is equal", !memcmp(memory[0], memory[1], DEPTH * ROOM));
		same_contents(direct, ordinary);
	}
}
