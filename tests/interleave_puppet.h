/*
 * What a scenario's actors can do. Each act_ function is one call of the C library, between two
 * marks, and notes what came of it. Memory is misaligned where the length or the offset is.
 */
#ifndef DIOSHIM_TEST_INTERLEAVE_PUPPET_H
#define DIOSHIM_TEST_INTERLEAVE_PUPPET_H

#include "interleave.h"

/* A descriptor, and what the scenario knows of it. */
struct handle {
	int fd;
	int file;
	bool direct;
	bool appends;
};

/* The server: forks the program of the scenario on the stage each time it is let go on. */
int puppet_main(void) __attribute__((noreturn));

/* While a scenario is set up. The flags are without O_DIRECT. */
struct handle open_direct(int file, int flags);
struct handle open_ordinary(int file, int flags);
struct handle same_description(struct handle h); /* dup */
void offset_at(struct handle h, off_t pos);
struct handle number_reused(const char *path, int flags);
/* A number that stood for the description of `h` when the shim last heard of it, and is ordinary now. */
struct handle once_the_same(struct handle h, int flags);

void act_pwrite(struct actor *a, struct handle h, size_t len, off_t pos);
void act_write(struct actor *a, struct handle h, size_t len);
/* Only the first `good` bytes are there. */
void act_write_torn(struct actor *a, struct handle h, size_t len, size_t good);
void act_pread(struct actor *a, struct handle h, size_t len, off_t pos);
void act_read(struct actor *a, struct handle h, size_t len);
/* To a file that refuses it with EINVAL. */
void act_write_garbage(struct actor *a, struct handle h, size_t len);
void act_close(struct actor *a, struct handle h);
void act_close_range(struct actor *a, struct handle h);
void act_dup2(struct actor *a, struct handle from, struct handle to);
/* Opens an ordinary descriptor, which takes the lowest number. */
struct handle act_open(struct actor *a, int file, int flags);
void act_getfl(struct actor *a, struct handle h);
/* F_SETFL: the flags as just got, with these changed. */
void act_change_flags(struct actor *a, struct handle h, int change);
void act_lseek(struct actor *a, struct handle h, off_t pos);
void act_ftruncate(struct actor *a, struct handle h, off_t size);
void act_fsync(struct actor *a, struct handle h);
/* A child that is an actor of its own. */
void act_fork(struct actor *a, int number, void (*play)(struct actor *a));

/* For the tool's own tests. Faults that the tool has to find: */
enum faulty {
	FAULT_CARELESS, /* made of a read and a write by hand: loses what comes between */
	FAULT_LAZY,	/* left dirty in the page cache */
	FAULT_LONG,	/* the file is longer for a moment */
};
void act_faulty_write(struct actor *a, struct handle h, size_t len, off_t pos, enum faulty how);

/*
 * Waits for *word to be no longer 0: without end, with a timeout, or asking again and again.
 * `never`: nobody is going to change it (but where it is the ordinary file's turn nobody waits for
 * it).
 */
enum wait_how { WAIT_FOREVER, WAIT_TIMED, WAIT_SPINNING };
void act_wait(struct actor *a, int *word, enum wait_how how, bool never);
void act_wake(struct actor *a, int *word);

#endif
