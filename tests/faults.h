/*
 * Faults: a disk that fills up, a limit that is reached, a device that ends or fails, a process that
 * is killed, memory that cannot be had; each in every segment of a misaligned request.
 *
 * What must hold each time: the bytes that a call says it moved are there; nothing outside the
 * range asked for has changed; errno is the kernel's; the offset has moved by the count; and
 * when the cause is gone, a call with the rest completes the file.
 *
 *   faults.c         the frame, and what the others share
 *   faults_space.c   a full disk, a quota
 *   faults_limit.c   RLIMIT_FSIZE
 *   faults_device.c  the end of a device; a device that fails
 *   faults_memory.c  no memory for a bounce buffer
 *   faults_kill.c    kill -9
 *
 * faults.bats makes the scenes and starts this program in them.
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
#define BLOCK ((off_t)4096)  /* no file system here has larger ones */
#define LONGEST ((size_t)6 << 20) /* request */

enum kind { BY_WRITE, BY_PWRITE, BY_WRITEV, BY_PWRITEV, BY_PWRITEV2, KINDS };

/* A call that is to fail, or to stop short. */
struct attempt {
	enum kind kind;
	bool append; /* the descriptor is O_APPEND, and `pos` is the end of the file */
	off_t pos;
	size_t len;
	size_t shift; /* of the buffer, from an address that any device takes */
};

/* The contents of a file. */
struct image {
	unsigned char *bytes;
	size_t size;
};

/* Where the scene is: a directory, a device; whatever the test at hand is about. */
extern const char *scene;

/* `condition`, or the test fails, and says in which case(). */
#define require(condition) \
	((condition) ? (void)0 : require_failed(#condition, __FILE__, __LINE__))
void require_failed(const char *condition, const char *file, int line);
#define in_case(...) snprintf(current_case, sizeof(current_case), __VA_ARGS__)
extern char current_case[256];

const char *in_scene(const char *name);
const char *kind_name(enum kind kind);

/* `len` bytes that stand for `seed`, `shift` bytes behind an aligned address; one at a time. */
unsigned char *bytes_of(unsigned seed, size_t len, size_t shift);

/* A file of `size` bytes that stand for `seed`. */
void make_file(const char *path, unsigned seed, size_t size);

/* Make the call: by the public functions, and so by the shim, or past it. -1 and errno if refused. */
ssize_t by_shim(int fd, const struct attempt *a, void *buf);
ssize_t by_kernel(int fd, const struct attempt *a, void *buf);

/* A descriptor for the attempt, its offset where the attempt begins. */
int open_for(const char *path, const struct attempt *a, int flags);

/* Are files made and looked up on the device, or in the page cache, which is faster? */
extern bool on_device;
struct image image_of(const char *path);
void image_free(struct image *image);

/* Was `ret` a true answer? `data` is what the attempt was to write, `before` the file's contents. */
void require_true(const char *path, int fd, const struct image *before, const struct attempt *a,
		  const unsigned char *data, ssize_t ret);

/* The cause is gone: write the rest, and find all of it in the file. */
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
