/* Files that grow, and holes: nobody reads what nobody has written. See aiodio.h. */
#include "aiodio.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw.h"

enum { MOST = 4 << 20, HOLE = 1 << 20 };

/* Two readers: through the page cache, without the shim's help, and direct. */
static void start_readers(struct helper readers[2], const char *letters)
{
	readers[0] = (struct helper){ read_all, open_path(O_RDONLY), 1, letters, 0 };
	readers[1] = (struct helper){ read_all, open_path(O_RDONLY | O_DIRECT), 2, letters, 0 };
	for (int i = 0; i < 2; i++)
		start(&readers[i]);
}

static void stop_readers(struct helper readers[2])
{
	for (int i = 0; i < 2; i++) {
		stop(&readers[i]);
		close(readers[i].fd);
	}
}

/*
 * Writes behind the end, several at a time and of any length: what is before each of them may be 0 until it is
 * written, but never what the blocks had before.
 */
static void grow(int flags)
{
	int fd = open_new();
	int writer = open_path(O_RDWR | O_DIRECT | flags);
	aio_context_t ctx = new_context();
	unsigned char *memory = page_of_memory(ROOM + 8);
	struct helper readers[2];
	struct iocb cb[DEPTH];
	unsigned seed = 3;
	off_t pos = 0;

	memset(memory, 'w', ROOM + 8);
	start_readers(readers, flags & O_APPEND ? "w" : "0w");
	while (going_on()) {
		for (int i = 0; i < DEPTH; i++) {
			size_t len = below(&seed, 4) ? 1 + below(&seed, ROOM - 1) : 4096;

			cb[i] = write_of(writer, memory + below(&seed, 8), len, pos);
			pos += (off_t)len;
		}
		submit_all(ctx, cb, DEPTH);
		fetch_all(ctx, DEPTH);
		/* Only grown files have what this is about. */
		if (pos > MOST && ftruncate(fd, 0))
			err(2, "ftruncate");
		pos = pos > MOST ? 0 : pos;
	}
	stop_readers(readers);
	close(fd);
	close(writer);
}

static void append_readers(void)
{
	grow(O_APPEND);
}

static void extend_readers(void)
{
	grow(0);
}

/* A hole that is filled at odd places has zeros and what was written. */
static void sparse_readers(void)
{
	int fd = open_new();
	aio_context_t ctx = new_context();
	unsigned char *memory = page_of_memory(ROOM + 8);
	struct helper readers[2];
	struct iocb cb[DEPTH];
	unsigned seed = 4;

	if (ftruncate(fd, HOLE))
		err(2, "ftruncate");
	memset(memory, 'w', ROOM + 8);
	start_readers(readers, "0w");
	for (int round = 0; going_on(); round++) {
		for (int i = 0; i < DEPTH; i++)
			cb[i] = write_of(fd, memory + below(&seed, 8), 1 + below(&seed, 9000),
					 below(&seed, HOLE - 9000));
		submit_all(ctx, cb, DEPTH);
		fetch_all(ctx, DEPTH);
		if (round % 64 == 63 &&
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, HOLE))
			break;
	}
	stop_readers(readers);
	close(fd);
}

/* When a write behind the end is complete, the file has its size, and its bytes can be read at once. */
static void extend_stat(void)
{
	int fd = open_new();
	int other = open_path(O_RDONLY);
	aio_context_t ctx = new_context();
	unsigned char *memory = page_of_memory(ROOM + 8);
	unsigned char back[ROOM];
	unsigned seed = 5;
	off_t pos = 0;

	while (going_on()) {
		size_t len = 1 + below(&seed, ROOM - 1);
		struct iocb cb = write_of(fd, memory + below(&seed, 8), len, pos);
		struct stat st;

		memset(memory, 'a' + (int)(pos % 26), len + 8);
		submit_all(ctx, &cb, 1);
		fetch_all(ctx, 1);
		if (fstat(other, &st) || st.st_size != pos + (off_t)len)
			wrong("%lld bytes after a write up to %lld", (long long)st.st_size,
			      (long long)pos + (long long)len);
		if (raw_syscall(SYS_pread64, other, back, len, pos) != (long)len ||
		    memcmp(back, memory, len) != 0)
			wrong("other bytes at %lld", (long long)pos);
		pos += (off_t)len;
		if (pos > MOST && ftruncate(fd, 0))
			err(2, "ftruncate");
		pos = pos > MOST ? 0 : pos;
	}
	close(fd);
	close(other);
}

/* Several requests in one block of a hole, and in one that the file does not have yet. None of them is lost. */
static void fill_blocks(off_t (*place)(unsigned *seed))
{
	enum { PIECE = 500, BLOCK = DEPTH * PIECE };
	int fd = open_new();
	aio_context_t ctx = new_context();
	unsigned char *memory = page_of_memory(BLOCK);
	unsigned char back[BLOCK];
	struct iocb cb[DEPTH];
	unsigned seed = 6;

	while (going_on()) {
		off_t pos = place(&seed);
		int first = (int)below(&seed, DEPTH);

		if (ftruncate(fd, 0) || ftruncate(fd, HOLE / 2 + 100))
			err(2, "ftruncate");
		for (int i = 0; i < DEPTH; i++) {
			int piece = (first + i * 3) % DEPTH;

			memset(memory + piece * PIECE, 'a' + piece, PIECE);
			cb[i] = write_of(fd, memory + piece * PIECE, PIECE, pos + piece * PIECE);
		}
		submit_all(ctx, cb, DEPTH);
		fetch_all(ctx, DEPTH);
		if (pread(fd, back, BLOCK, pos) != BLOCK || memcmp(back, memory, BLOCK) != 0)
			wrong("lost bytes at %lld", (long long)pos);
	}
	close(fd);
}

static off_t in_the_hole(unsigned *seed)
{
	return below(seed, HOLE / 2 - 8192);
}

static off_t across_the_end(unsigned *seed)
{
	return HOLE / 2 + 100 - below(seed, 4000);
}

static void hole_filling(void)
{
	fill_blocks(in_the_hole);
}

static void end_of_file(void)
{
	fill_blocks(across_the_end);
}

const struct part parts_that_grow[] = {
	{ "append_readers", append_readers },
	{ "extend_readers", extend_readers },
	{ "sparse_readers", sparse_readers },
	{ "extend_stat", extend_stat },
	{ "hole_filling", hole_filling },
	{ "end_of_file", end_of_file },
	{ NULL, NULL },
};
