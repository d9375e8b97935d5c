/* The files, and the calls on them through the shim and past it. See badinput.h. */
#include "badinput.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transfers.h"
#include "raw.h"

const char *directory;

const char *const names[SIDES] = { "badinput.ordinary", "badinput.direct" };

/* The shim interposes open(), but not raw_syscall(). */
int open_side(const struct scene *s, enum which which, int flags)
{
	int fd = which == DIRECT ? openat(s->dir, names[which], flags | O_DIRECT, 0600)
				 : (int)raw_syscall(SYS_openat, s->dir, names[which], flags, 0600);

	assert_true(fd >= 0);
	return fd;
}

void reopen(struct scene *s, int flags)
{
	for (enum which which = 0; which < SIDES; which++) {
		close(s->fd[which]);
		s->fd[which] = open_side(s, which, flags);
		assert_true(lseek(s->fd[which], START, SEEK_SET) == START);
	}
}

static void write_contents(const struct scene *s, enum which which)
{
	int fd = openat(s->dir, names[which], O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(raw_syscall(SYS_write, fd, s->contents, FILE_SIZE) == FILE_SIZE);
	close(fd);
}

int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->dir = open(directory, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < FILE_SIZE; i++)
		s->contents[i] = (unsigned char)(i * 7 + i / 251 + 1);
	s->page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->dir < 0 || s->page == MAP_FAILED)
		return -1;
	memset(s->page, 0xa5, 4 * PAGE);
	mprotect(HOLE(s), PAGE, PROT_NONE);
	mprotect(READ_ONLY(s), PAGE, PROT_READ);
	for (enum which which = 0; which < SIDES; which++) {
		write_contents(s, which);
		s->fd[which] = open_side(s, which, O_RDWR);
		lseek(s->fd[which], START, SEEK_SET);
	}
	*state = s;
	return 0;
}

int tear_down(void **state)
{
	struct scene *s = *state;

	for (enum which which = 0; which < SIDES; which++) {
		close(s->fd[which]);
		unlinkat(s->dir, names[which], 0);
	}
	close(s->dir);
	munmap(s->page, 4 * PAGE);
	free(s);
	return 0;
}

long call_library(int fd, const struct call *c)
{
	void *buf = (void *)(uintptr_t)c->buf;

	switch (c->nr) {
	case SYS_read:
		return read(fd, buf, c->len);
	case SYS_pread64:
		return pread(fd, buf, c->len, c->pos);
	case SYS_readv:
		return readv(fd, buf, (int)c->len);
	case SYS_preadv:
		return preadv(fd, buf, (int)c->len, c->pos);
	case SYS_preadv2:
		return preadv2(fd, buf, (int)c->len, c->pos, c->flags);
	case SYS_write:
		return write(fd, buf, c->len);
	case SYS_pwrite64:
		return pwrite(fd, buf, c->len, c->pos);
	case SYS_writev:
		return writev(fd, buf, (int)c->len);
	case SYS_pwritev:
		return pwritev(fd, buf, (int)c->len, c->pos);
	case SYS_pwritev2:
		return pwritev2(fd, buf, (int)c->len, c->pos, c->flags);
	default:
		fail_msg("call_library() does not know call %ld", c->nr);
		return -1;
	}
}

/* The C library passes a count as an int. */
long call_kernel(int fd, const struct call *c)
{
	if (transfer_takes(c->nr) & TRANSFER_VECTOR)
		return raw_syscall(c->nr, fd, c->buf, (long)(int)c->len, c->pos, 0L, c->flags);
	return raw_syscall(c->nr, fd, c->buf, c->len, c->pos);
}

void assert_nothing_moved(const struct scene *s, enum which which)
{
	static unsigned char found[FILE_SIZE + 1];
	int fd = openat(s->dir, names[which], O_RDONLY);

	assert_true(lseek(s->fd[which], 0, SEEK_CUR) == START);
	assert_true(raw_syscall(SYS_pread64, fd, found, sizeof(found), 0L) == FILE_SIZE);
	assert_memory_equal(found, s->contents, FILE_SIZE);
	close(fd);
}

/*
 * Makes the call twice: the shim learns from the first refusal, and handles the second call
 * differently.
 */
void refused(const struct scene *s, struct call c, int error)
{
	for (int round = 0; round < 2; round++) {
		errno = 0;
		assert_int_equal(call_kernel(s->fd[ORDINARY], &c), -1);
		assert_int_equal(errno, error);
		errno = 0;
		assert_int_equal(call_library(s->fd[DIRECT], &c), -1);
		assert_int_equal(errno, error);
		assert_nothing_moved(s, DIRECT);
		assert_nothing_moved(s, ORDINARY);
	}
}

void succeeds_with(const struct scene *s, struct call c, long ret)
{
	for (enum which which = 0; which < SIDES; which++) {
		assert_true(lseek(s->fd[which], START, SEEK_SET) == START);
		errno = 0;
		assert_int_equal(which == DIRECT ? call_library(s->fd[which], &c)
						 : call_kernel(s->fd[which], &c),
				 ret);
		assert_int_equal(errno, 0);
	}
}

/* Makes a misaligned call on both descriptors, so that the shim knows the direct one. */
void make_known(const struct scene *s)
{
	unsigned char byte;

	for (enum which which = 0; which < SIDES; which++)
		assert_int_equal(pread(s->fd[which], &byte, 1, 1), 1);
}
