/* What the parts of tests/aio.c share. */
#ifndef DIOSHIM_TEST_AIO_H
#define DIOSHIM_TEST_AIO_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { DEPTH = 32, BLOCK = 4096 };

extern int wrong; /* how many answers were */

void equal(const char *what, long got, long wanted);
void holds(const char *what, bool right);

int open_file(const char *path, int flags);
void *aligned(size_t size); /* to BLOCK, filled with zeros */
int random_below(int end);

aio_context_t context(unsigned events);

/* Through the shim: by the name or by the number of the call, in turns. Both return a negative errno on failure. */
long submit(aio_context_t ctx, long nr, struct iocb **iocbs);
long submit_one(aio_context_t ctx, struct iocb *cb);

/* Waits for `n` events, as the kernel gives them. */
void fetch(aio_context_t ctx, int n, struct io_event *events);

/* Submits one and returns the result of its event; the answer of the submission if that fails. */
long transfer(aio_context_t ctx, struct iocb *cb);

struct iocb ask(int opcode, int fd, const void *buf, size_t len, long pos);

/* Compares size and bytes, read without O_DIRECT. */
void same_contents(const char *direct, const char *ordinary);

/* The parts; each takes the paths of a direct file and of an ordinary one. */
void aio_random(const char *direct, const char *ordinary);
void aio_events(const char *direct, const char *ordinary);
void aio_refusals(const char *direct, const char *ordinary);
void aio_appends(const char *direct, const char *ordinary);
void aio_threads(const char *direct, const char *ordinary);
void aio_beside(const char *direct, const char *ordinary);
void aio_pieces(const char *direct, const char *ordinary);
void aio_bounced(const char *direct, const char *ordinary);
void aio_stack(const char *direct, const char *ordinary);
void aio_relay(const char *direct, const char *ordinary);
void aio_endings(const char *direct, const char *ordinary);

#endif
