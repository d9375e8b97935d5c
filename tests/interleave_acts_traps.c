/*
 * For the tool's own test: deliberate faults, which the reference runs do not have, and ways of
 * waiting. See interleave_puppet.h.
 */
#include "interleave_acts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "interleave_file.h"
#include "raw.h"

/* Reads the page, changes it and writes it back, without a lock. */
static long careless_write(const struct actor *a, int fd, char fill, size_t len, off_t pos)
{
	unsigned char *page = buffers[a->index];
	off_t start = pos - pos % PAGE;

	if (pread(fd, page, PAGE, start) != PAGE)
		return -1;
	memset(page + pos % PAGE, fill, len);
	return pwrite(fd, page, PAGE, start) == PAGE ? (long)len : -1;
}

/* Writes through the page cache and does not write it back. */
static long lazy_write(int fd, const void *from, size_t len, off_t pos)
{
	int flags = fcntl(fd, F_GETFL);
	long ret;

	fcntl(fd, F_SETFL, flags & ~O_DIRECT);
	ret = pwrite(fd, from, len, pos);
	fcntl(fd, F_SETFL, flags);
	return ret;
}

/* Writes a whole block, and then truncates the file to the wanted size. */
static long long_write(int fd, unsigned char *from, size_t len, off_t pos)
{
	if (pwrite(fd, from, PAGE, pos) != PAGE || ftruncate(fd, pos + (off_t)len))
		return -1;
	return (long)len;
}

void act_faulty_write(struct actor *a, struct handle h, size_t len, off_t pos, enum faulty how)
{
	char fill = call_letter(a);
	struct op *op = call_begin(a, OP_WRITE, &h);
	unsigned char *from = buffers[a->index];
	long ret = -1;

	memset(from, fill, PAGE);
	op->pos = pos;
	op->len = len;
	call_name(op, "faulty(%c, %zu '%c', %lld)", call_file(h), len, fill, (long long)pos);
	call_starts(a);
	if (!stage->direct)
		ret = pwrite(h.fd, from, len, pos);
	else if (how == FAULT_CARELESS)
		ret = careless_write(a, h.fd, fill, len, pos);
	else if (how == FAULT_LAZY)
		ret = lazy_write(h.fd, from, len, pos);
	else
		ret = long_write(h.fd, from, len, pos);
	call_ends(a, op, ret);
}

static long futex(int *word, int what, int value, const struct timespec *timeout)
{
	return raw_syscall(SYS_futex, word, what | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

void act_wait(struct actor *a, int *word, enum wait_how how, bool never)
{
	static const struct timespec hour = { .tv_sec = 3600 };
	struct op *op = call_begin(a, OP_OTHER, NULL);
	long ret = 0;

	call_name(op, "wait");
	call_starts(a);
	if (never && !stage->direct)
		__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(word, __ATOMIC_ACQUIRE) && !ret) {
		if (how == WAIT_SPINNING)
			sched_yield();
		else
			ret = futex(word, FUTEX_WAIT, 0, how == WAIT_TIMED ? &hour : NULL);
		if (ret && errno == EAGAIN)
			ret = 0;
	}
	call_ends(a, op, ret);
}

void act_wake(struct actor *a, int *word)
{
	struct op *op = call_begin(a, OP_OTHER, NULL);

	call_name(op, "wake");
	call_starts(a);
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	futex(word, FUTEX_WAKE, 1, NULL);
	call_ends(a, op, 0);
}
