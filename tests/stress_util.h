/*
 * What the stress tests share: stress, append, signals, neighbours and interleave.
 */
#ifndef DIOSHIM_TEST_STRESS_UTIL_H
#define DIOSHIM_TEST_STRESS_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A random generator. The same state gives the same numbers. */
struct rng {
	uint64_t state;
};

uint64_t mix64(uint64_t value);
uint64_t rng_next(struct rng *r);
size_t rng_between(struct rng *r, size_t least, size_t most); /* both included */
bool rng_one_in(struct rng *r, unsigned n);

/* Print a message and exit: with 2 if the test cannot run, with 1 if it has found a fault. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void found(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

double seconds_now(void);

/* Allocates zeroed pages that forked children share. Exits on failure. */
void *shared_memory(size_t size);

/* Allocates private zeroed pages. Exits on failure. */
void *page_memory(size_t size);
void page_memory_free(void *addr, size_t size);

/* Forks a child that is killed when its parent ends. Returns 0 in the child. Exits on failure. */
pid_t fork_child(void);

/* Waits for `count` children. Returns how many of them failed. */
int wait_children(int count);

/*
 * System calls without the shim. The descriptor must be buffered, or the call aligned.
 */
ssize_t raw_pread(int fd, void *buf, size_t len, off_t pos);
ssize_t raw_pwrite(int fd, const void *buf, size_t len, off_t pos);

/* Writes a file through the page cache without the shim, and brings it to the device. */
void raw_write_file(const char *path, const void *bytes, size_t len);

/*
 * Reads up to `len` bytes from the device, after writing back and dropping the page cache. Returns
 * the number of bytes. `into` is page-aligned and has room for `len` rounded up to whole pages.
 */
size_t raw_read_device(const char *path, void *into, size_t len);

/* Reads directly without dropping caches, which would slow down other processes. */
size_t raw_read_direct(const char *path, void *into, size_t len);

/* Reads through the page cache. */
size_t raw_read_cached(const char *path, void *into, size_t len);

#endif
