/* The input of calls_fuzz.c: bytes that stand for calls. */
#ifndef DIOSHIM_TEST_CALLS_INPUT_H
#define DIOSHIM_TEST_CALLS_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define MOST_PIECES 4
#define ARENA ((size_t)1 << 20)

enum op {
	READ,
	PREAD,
	READV,
	PREADV,
	PREADV2,
	WRITE,
	PWRITE,
	WRITEV,
	PWRITEV,
	PWRITEV2,
	SEEK,
	TRUNCATE,
	SETFL,
	REOPEN,
	BYSTANDER,
	OPS
};

struct call {
	enum op op;
	off_t pos;
	int flags;
	unsigned fill;
	int count;
	struct {
		size_t at;
		size_t len;
	} piece[MOST_PIECES];
	size_t asked;
	rlim_t limit;
};

/* Begins with a new input. */
void input_start(const uint8_t *data, size_t size);

/* Returns how many bytes are left. */
size_t input_rest(void);

/* Returns the next byte; 0 after the end. */
unsigned take_byte(void);

/* Takes a call on a file that is `size` bytes long. */
void take_call(struct call *c, off_t size);

#endif
