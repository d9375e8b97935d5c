/*
 * What the tests under fire share: stress, append and signals.
 */
#ifndef DIOSHIM_TEST_STRESS_UTIL_H
#define DIOSHIM_TEST_STRESS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Random numbers that are the same for the same seed. */
struct rng {
	uint64_t state;
};

uint64_t mix64(uint64_t value);
uint64_t rng_next(struct rng *r);
size_t rng_between(struct rng *r, size_t least, size_t most);
bool rng_one_in(struct rng *r, unsigned n);

/* The test itself cannot go on, or has found what must not be. Exits with 2, or with 1. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void found(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

double seconds_now(void);

/* Zeroed memory that children share with us. */
void *shared_memory(size_t size);

/* Zeroed memory from the start of a page on. */
void *page_memory(size_t size);
void page_memory_free(void *addr, size_t size);

/* A child that does not outlive its parent. 0 in the child. */
pid_t fork_child(void);

/* Wait for `count` children. Returns how many of them failed. */
int wait_children(int count);

/*
 * System calls past the shim, as a program makes them that does not load it. The descriptors are
 * buffered, or the call is aligned.
 */
ssize_t raw_pread(int fd, void *buf, size_t len, off_t pos);
ssize_t raw_pwrite(int fd, const void *buf, size_t len, off_t pos);

/* Write all of it past the shim, through the page cache, and bring it to the device. */
void raw_write_file(const char *path, const void *bytes, size_t len);

/* What the device holds: all is written back, caches are dropped, and `path` opened afresh to read
 * up to `len` bytes directly. `into` begins a page and has room for a whole number of them. */
size_t raw_read_device(const char *path, void *into, size_t len);

/* The same with the caches as they are: for many small files, as others need the caches, too. */
size_t raw_read_direct(const char *path, void *into, size_t len);

/* The same through the page cache, which then holds what the device does. */
size_t raw_read_cached(const char *path, void *into, size_t len);

#endif
