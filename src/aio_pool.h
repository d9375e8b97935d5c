/*
 * Bounce memory for requests of io_submit(2) that are under way, and when each piece of it is free again.
 *
 * The shim has no thread and sees no event of the program, which may be taken out of the ring without a system
 * call. So the kernel tells: a request is submitted with an eventfd of the shim's (IOCB_FLAG_RESFD), and a context
 * of the shim's own, which is no descriptor, polls that eventfd (IOCB_CMD_POLL). Both keep it alive, so its
 * descriptor is closed as soon as the request is submitted. The event of the poll says which piece is free. Such
 * events are looked for after every few requests, and when memory is lacking.
 *
 * The memory is large slots of bounce.h, which are kept: at most a third of them. All functions must be called with
 * signals blocked, and none waits.
 */
#ifndef DIOSHIM_AIO_POOL_H
#define DIOSHIM_AIO_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	AIO_POOL_UNIT = 4096, /* bytes; what a piece is aligned to */
	AIO_POOL_LONGEST =
		512 << 10, /* bytes; a longer request gains nothing from being asynchronous */
};

struct aio_piece {
	char *addr;
	uint32_t name; /* of the piece; never 0 */
};

/* Takes a piece of `len` bytes, which is more than 0. Returns false if there is none. */
bool aio_pool_get(struct aio_piece *p, size_t len);
void aio_pool_put(uint32_t name);

/*
 * From now on the piece is in use until `eventfd` is signalled, and then given back. Returns false if that cannot be
 * had.
 */
bool aio_pool_put_when_signalled(uint32_t name, int eventfd);

#endif
