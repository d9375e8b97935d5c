/*
 * Misaligned writes in ways that the shim does not see, for outside.bats:
 *
 *   outside WAY FILE
 *
 * writes 1000 bytes from an odd address to the O_DIRECT file, and prints the count, or the errno by number. With
 * OUTSIDE_STATIC, it has only the ways that need neither threads nor shared libraries.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef OUTSIDE_STATIC
#include <dlfcn.h>
#include <linux/io_uring.h>

#include "sys.h"
#endif

enum { LENGTH = 1000 };

static unsigned char space[LENGTH + 1];

typedef ssize_t writer(int fd, const void *buf, size_t n, off_t pos);

static ssize_t by_name(int fd, const void *buf, size_t n, off_t pos)
{
	return pwrite(fd, buf, n, pos);
}

#ifndef OUTSIDE_STATIC

static ssize_t by_instruction(int fd, const void *buf, size_t n, off_t pos)
{
	long ret = sys(SYS_pwrite64, fd, buf, n, pos);

	errno = ret < 0 ? (int)-ret : errno;
	return ret < 0 ? -1 : ret;
}

static writer *look_up(void *handle, const char *name)
{
	void *symbol = handle ? dlsym(handle, name) : NULL;
	writer *function;

	if (!symbol) {
		fprintf(stderr, "outside: %s\n", dlerror());
		exit(77);
	}
	memcpy(&function, &symbol, sizeof(function));
	return function;
}

/* dlsym(3) looks in the object of the handle and in what it needs: the preloaded libraries come elsewhere. */
static ssize_t by_libc_handle(int fd, const void *buf, size_t n, off_t pos)
{
	return look_up(dlopen("libc.so.6", RTLD_NOW), "pwrite")(fd, buf, n, pos);
}

/* With RTLD_DEEPBIND, a library's own needs come before the preloaded libraries. */
static ssize_t by_deep_binding(int fd, const void *buf, size_t n, off_t pos)
{
	const char *library = getenv("OUTSIDE_LIBRARY");

	return look_up(library ? dlopen(library, RTLD_NOW | RTLD_DEEPBIND) : NULL,
		       "library_pwrite")(fd, buf, n, pos);
}

/* A library that is opened without it does go through the shim. */
static ssize_t by_library(int fd, const void *buf, size_t n, off_t pos)
{
	const char *library = getenv("OUTSIDE_LIBRARY");

	return look_up(library ? dlopen(library, RTLD_NOW) : NULL, "library_pwrite")(fd, buf, n,
										     pos);
}

/* A ring of one entry, without liburing: what matters is io_uring_enter(2). */
struct ring {
	int fd;
	unsigned char *sq, *cq; /* both in one mapping */
	struct io_uring_params p;
	struct io_uring_sqe *sqe;
};

static unsigned *word_at(unsigned char *base, unsigned offset)
{
	return (unsigned *)(void *)(base + offset);
}

static void ring_open(struct ring *r)
{
	size_t size;

	memset(&r->p, 0, sizeof(r->p));
	r->fd = (int)sys(SYS_io_uring_setup, 1, &r->p);
	if (r->fd < 0) {
		fprintf(stderr, "outside: io_uring_setup: %s\n", strerror(-r->fd));
		exit(77);
	}
	size = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe) + 4096;
	r->sq = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqe = mmap(NULL, sizeof(*r->sqe), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		      IORING_OFF_SQES);
	if (r->sq == MAP_FAILED || r->cq == MAP_FAILED || r->sqe == MAP_FAILED) {
		perror("outside: mmap");
		exit(77);
	}
}

static ssize_t by_io_uring(int fd, const void *buf, size_t n, off_t pos)
{
	struct ring r;
	const struct io_uring_cqe *done;
	long ret;

	ring_open(&r);
	*r.sqe = (struct io_uring_sqe){ .opcode = IORING_OP_WRITE,
					.fd = fd,
					.addr = (uintptr_t)buf,
					.len = (unsigned)n,
					.off = (uint64_t)pos };
	*word_at(r.sq, r.p.sq_off.array) = 0;
	__atomic_store_n(word_at(r.sq, r.p.sq_off.tail), 1, __ATOMIC_RELEASE);
	ret = sys(SYS_io_uring_enter, r.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (ret != 1) {
		fprintf(stderr, "outside: io_uring_enter: %ld\n", ret);
		exit(1);
	}
	done = (const struct io_uring_cqe *)(const void *)(r.cq + r.p.cq_off.cqes);
	errno = done->res < 0 ? -done->res : errno;
	return done->res < 0 ? -1 : done->res;
}

#endif

static const struct {
	const char *name;
	writer *write;
} ways[] = {
	{ "name", by_name },
#ifndef OUTSIDE_STATIC
	{ "instruction", by_instruction },
	{ "libc-handle", by_libc_handle },
	{ "deep-binding", by_deep_binding },
	{ "library", by_library },
	{ "io_uring", by_io_uring },
#endif
};

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[2], O_RDWR | O_CREAT | O_DIRECT, 0600) : -1;

	if (fd < 0) {
		perror("outside: usage: outside WAY FILE");
		return 2;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		ssize_t ret;

		if (strcmp(ways[i].name, argv[1]) != 0)
			continue;
		ret = ways[i].write(fd, space + !((uintptr_t)space & 1), LENGTH, 5);
		printf("%d\n", ret < 0 ? -errno : (int)ret);
		return 0;
	}
	fprintf(stderr, "outside: no way %s\n", argv[1]);
	return 2;
}
