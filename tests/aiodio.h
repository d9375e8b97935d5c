/*
 * Linux AIO with direct I/O on files that grow, have holes, or lose their descriptor meanwhile. Each part looks for a
 * fault that kernels have had, with requests of any length, and runs for some seconds.
 *
 *   aiodio.c        the options, and what the parts share
 *   aiodio_grow.c   files that grow, holes: nobody reads what nobody has written
 *   aiodio_life.c   flags, descriptors and contexts that go away
 */
#ifndef DIOSHIM_TEST_AIODIO_H
#define DIOSHIM_TEST_AIODIO_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { DEPTH = 8, ROOM = 20000 };

/* The file of the test. */
extern const char *path;

/* Whether there is time left. */
bool going_on(void);

/* Counts a fault, and prints the first ones. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Like open(2) on `path`; ends the program if that fails. */
int open_path(int flags);
int open_new(
	void); /* a new, empty file with O_DIRECT, in blocks that others have left full of 'G' */

unsigned below(unsigned *seed, unsigned end);
unsigned char *page_of_memory(size_t size);

aio_context_t new_context(void);
struct iocb write_of(int fd, const void *from, size_t len, off_t pos);
void submit_all(aio_context_t ctx, struct iocb *cb, int count);
/* Waits for `count` events. The second: their results must be the lengths that were asked for. */
void fetch_any(aio_context_t ctx, int count, struct io_event *events);
void fetch_all(aio_context_t ctx, int count);

/* A thread that makes calls until the time is over. */
struct helper {
	void *(*run)(void *helper);
	int fd;
	unsigned seed;
	const char *letters; /* that it may find */
	unsigned long thread;
};
void start(struct helper *h);
void stop(struct helper *h);

/*
 * Reads all of the file in pieces of any length. Every byte must be one of the letters or, if they begin
 * with '0', 0.
 */
void *read_all(void *helper);

struct part {
	const char *name;
	void (*run)(void);
};
extern const struct part parts_that_grow[], parts_of_life[];

#endif
