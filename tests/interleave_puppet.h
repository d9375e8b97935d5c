/*
 * What the actors of a scenario can do. Each act_ function makes one call of the C library between
 * two marks and records its result. Its memory is misaligned if the length or the offset is.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_PUPPET_H
#define DIOSHIM_TEST_INTERLEAVE_PUPPET_H

#include <stdio.h>

#include "interleave.h"

/* A descriptor, and what the scenario knows about it. */
struct handle {
	int fd;
	int file;
	bool direct;
	bool appends;
};

/* Runs the server: forks the program of the scenario on the stage each time it is continued. */
int puppet_main(void) __attribute__((noreturn));

/* For setting up a scenario. The flags are given without O_DIRECT. */
struct handle open_direct(int file, int flags);
struct handle open_ordinary(int file, int flags);
/* A direct descriptor that the shim did not see being opened. */
struct handle open_unseen(int file, int flags);
struct handle same_description(struct handle h); /* dup */
void offset_at(struct handle h, off_t pos);
/*
 * Opens `path` on a number that the shim knows as a direct descriptor of file 0. The number was
 * closed and reopened without the shim.
 */
struct handle number_reused(const char *path, int flags);
/*
 * Opens the file of `h` as an ordinary descriptor, on a number that the shim knows as a duplicate
 * of `h`.
 */
struct handle once_the_same(struct handle h, int flags);

void act_pwrite(struct actor *a, struct handle h, size_t len, off_t pos);
void act_write(struct actor *a, struct handle h, size_t len);
/* Only the first `good` bytes of the buffer are mapped. */
void act_write_torn(struct actor *a, struct handle h, size_t len, size_t good);
void act_pread(struct actor *a, struct handle h, size_t len, off_t pos);
void act_read(struct actor *a, struct handle h, size_t len);
/* For a file that refuses the bytes with EINVAL. */
void act_write_garbage(struct actor *a, struct handle h, size_t len);
void act_close(struct actor *a, struct handle h);
void act_close_range(struct actor *a, struct handle h);
void act_dup2(struct actor *a, struct handle from, struct handle to);
/* Opens an ordinary descriptor, which takes the lowest number. */
struct handle act_open(struct actor *a, int file, int flags);
void act_getfl(struct actor *a, struct handle h);
/* Gets the flags, toggles those in `change` and sets them. */
void act_change_flags(struct actor *a, struct handle h, int change);
void act_lseek(struct actor *a, struct handle h, off_t pos);
void act_ftruncate(struct actor *a, struct handle h, off_t size);
void act_fsync(struct actor *a, struct handle h);
/* Forks a child that is actor `number`. */
void act_fork(struct actor *a, int number, void (*play)(struct actor *a));

/* The other doors: interleave_acts_doors.c. A sendfile is written at the offset of `to`. */
void act_sendfile(struct actor *a, struct handle to, struct handle from, size_t len,
		  off_t from_pos);
void act_copy_range(struct actor *a, struct handle to, struct handle from, size_t len, off_t pos,
		    off_t from_pos);
int filled_pipe(size_t len); /* returns its reading end */
void act_splice(struct actor *a, struct handle to, int pipe, size_t len, off_t pos);
FILE *stream_on(struct handle h); /* only one in a scenario */
void act_stream_write(struct actor *a, struct handle h, FILE *stream, size_t len);
void act_dprintf(struct actor *a, struct handle h, size_t len);
void act_pwrite_by_number(struct actor *a, struct handle h, size_t len, off_t pos);
void aio_ready(struct actor *a); /* before the actor's first of these */
void act_aio_write(struct actor *a, struct handle h, size_t len, off_t pos);
void act_aio_wait(struct actor *a);
void act_posix_write(struct actor *a, struct handle h, size_t len, off_t pos);

/* For the tool's own test: faults that it has to find. */
enum faulty {
	FAULT_CARELESS, /* reads and writes a page without a lock: loses writes in between */
	FAULT_LAZY,	/* leaves the page dirty in the page cache */
	FAULT_LONG,	/* makes the file too long for a moment */
};
void act_faulty_write(struct actor *a, struct handle h, size_t len, off_t pos, enum faulty how);

/*
 * Waits until *word is not 0: without a timeout, with a timeout, or by polling. With `never`, no
 * actor changes it; in a reference run the call then returns at once.
 */
enum wait_how { WAIT_FOREVER, WAIT_TIMED, WAIT_SPINNING };
void act_wait(struct actor *a, int *word, enum wait_how how, bool never);
void act_wake(struct actor *a, int *word);

#endif
