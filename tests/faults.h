/*
 * Faults: a disk that fills up, a limit that is reached, a device that ends or fails, a process
 * that is killed, memory that cannot be allocated; each in every segment of a misaligned request.
 *
 * Each time, the bytes that a call says it moved must be in the file, nothing outside the requested
 * range may have changed, errno must be the kernel's, the offset must have moved by the count, and
 * once the cause is removed, a call with the rest must complete the file.
 *
 *   faults.c         the main program, and what the others share
 *   faults_space.c   a full disk, a quota
 *   faults_limit.c   RLIMIT_FSIZE
 *   faults_device.c  the end of a device; a device that fails
 *   faults_memory.c  no memory for a bounce buffer
 *   faults_kill.c    kill -9
 *
 * faults.bats prepares the scenes and starts this program in them.
 */
#ifndef DIOSHIM_TEST_FAULTS_H
#define DIOSHIM_TEST_FAULTS_H

/* cmocka.h needs the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/types.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define BLOCK ((off_t)4096)	  /* bytes; no filesystem in these tests has larger blocks */
#define LONGEST ((size_t)6 << 20) /* bytes of a request */

enum kind { BY_WRITE, BY_PWRITE, BY_WRITEV, BY_PWRITEV, BY_PWRITEV2, KINDS };

/* A call that will fail or move less than was requested. */
struct attempt {
	enum kind kind;
	bool append; /* the descriptor is O_APPEND, and `pos` is the end of the file */
	off_t pos;
	size_t len;
	size_t shift; /* bytes from an address that any device takes to the buffer */
};

/* The contents of a file. */
struct image {
	unsigned char *bytes;
	size_t size;
};

/* The path that the test was given: a directory or a device. */
extern const char *scene;

/* Fails the test if `condition` is false, and prints the case set by in_case(). */
#define require(condition) ((condition) ? (void)0 : require_failed(#condition, __FILE__, __LINE__))
void require_failed(const char *condition, const char *file, int line);
#define in_case(...) snprintf(current_case, sizeof(current_case), __VA_ARGS__)
extern char current_case[256];

const char *in_scene(const char *name);
const char *kind_name(enum kind kind);

/*
 * Returns `len` bytes, derived from `seed`, `shift` bytes past an aligned address; valid until the
 * next call.
 */
unsigned char *bytes_of(unsigned seed, size_t len, size_t shift);

/* Makes a file of `size` bytes, derived from `seed`. */
void make_file(const char *path, unsigned seed, size_t size);

/*
 * Make the call through the public functions, and so through the shim, or past it. Return -1 and
 * errno on failure.
 */
ssize_t by_shim(int fd, const struct attempt *a, void *buf);
ssize_t by_kernel(int fd, const struct attempt *a, void *buf);

/* Returns a descriptor for the attempt, with its offset where the attempt begins. */
int open_for(const char *path, const struct attempt *a, int flags);

/*
 * Whether files are written to and read from the device, or only the page cache, which is faster.
 */
extern bool on_device;
struct image image_of(const char *path);
void image_free(struct image *image);

/*
 * Requires that `ret` is right. `data` is what the attempt was to write, `before` the previous
 * contents.
 */
void require_true(const char *path, int fd, const struct image *before, const struct attempt *a,
		  const unsigned char *data, ssize_t ret);

/* Writes the rest, when the cause is removed, and requires that the file has all of it. */
void require_completes(const char *path, int fd, const struct image *before,
		       const struct attempt *a, unsigned char *data, ssize_t ret);

int space_tests(void);
int quota_tests(void);
int limit_tests(void);
int end_tests(void);
int error_tests(void);
int memory_tests(void);
int kill_tests(void);

#endif
