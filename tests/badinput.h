/*
 * Two files with the same contents, one ordinary, one open for direct I/O, and a call that is made
 * on both.
 */
#ifndef BADINPUT_H
#define BADINPUT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/types.h>

enum which { ORDINARY, DIRECT, SIDES };

#define FILE_SIZE 10007 /* bytes; no multiple of any alignment */
#define START 1001	/* the file offset before each call: misaligned on every device */
#define PAGE 4096

extern const char *directory;

struct scene {
	int dir;
	int fd[SIDES];
	unsigned char *page; /* two accessible pages, an inaccessible one, a read-only one */
	unsigned char contents[FILE_SIZE];
};

#define HOLE(s) ((s)->page + 2 * PAGE)
#define READ_ONLY(s) ((s)->page + 3 * PAGE)
#define KERNEL ((void *)(UINTPTR_MAX - 0xffffff))

extern const char *const names[SIDES];

/* A call, to be made through the C library or as a raw system call. */
struct call {
	long nr;
	const void *buf; /* or the iovec array */
	size_t len;	 /* or the iovec count */
	off_t pos;
	int flags;
};

int set_up(void **state);
int tear_down(void **state);

int open_side(const struct scene *s, enum which which, int flags);
void reopen(struct scene *s, int flags);
void make_known(const struct scene *s);

long call_library(int fd, const struct call *c);
long call_kernel(int fd, const struct call *c);

void assert_nothing_moved(const struct scene *s, enum which which);
void refused(const struct scene *s, struct call c, int error);
void succeeds_with(const struct scene *s, struct call c, long ret);

#endif
