/*
 * Writes that must not wait (RWF_NOWAIT), at odd places, while another thread writes. What the kernel
 * refuses must not have been written in part.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "neighbours.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

enum {
	SLOT = 65536, /* one write in each */
	SLOTS = 64,
	LEN = 40000,
	BEYOND = SLOT * SLOTS, /* where the other thread writes */
	SIZE = BEYOND + 2 * SLOT,
};

static struct place file;
static _Atomic bool over;
static _Atomic uint64_t refusals, writes;

/* Misaligned writes of several steps, as long as the test goes on. */
static void *write_beside(void *unused)
{
	unsigned char *bytes = page_memory(2 * SLOT);
	int fd = open_direct(file.path, 0);

	memset(bytes, 'o', 2 * SLOT);
	while (!over)
		checked(put_bytes(fd, bytes + 1, SLOT, BEYOND + 1) == SLOT, "beside: %s",
			strerror(errno));
	close(fd);
	page_memory_free(bytes, 2 * SLOT);
	return unused;
}

/* Returns how many bytes of a slot have been changed. */
static size_t changed(int slot)
{
	unsigned char *bytes = page_memory(SLOT);
	int fd = open_ordinary(file.path, 0);
	size_t n = 0;

	if (pread(fd, bytes, SLOT, (off_t)slot * SLOT) != SLOT)
		die("pread: %s", strerror(errno));
	for (int i = 0; i < SLOT; i++)
		n += bytes[i] == 'n';
	close(fd);
	page_memory_free(bytes, SLOT);
	return n;
}

static void write_without_waiting(int fd, unsigned char *bytes, int slot)
{
	const struct iovec iov = { bytes, LEN };
	ssize_t done = pwritev2(fd, &iov, 1, (off_t)slot * SLOT + 100, RWF_NOWAIT);
	int error = errno;

	count_call(bytes, LEN, 100);
	if (done < 0 && error != EAGAIN && error != EOPNOTSUPP)
		die("pwritev2: %s", strerror(error));
	atomic_fetch_add(done < 0 ? &refusals : &writes, 1);
	checked(changed(slot) == (size_t)(done < 0 ? 0 : done), "%zd returned, %zu bytes changed",
		done, changed(slot));
}

void mode_nowait(void)
{
	unsigned char *bytes = page_memory(SIZE);
	struct crew beside = { 0 };
	int fd;

	file = place_of("nowait");
	memset(bytes, 'a', SIZE);
	prepare_file(file.path, bytes, SIZE);
	memset(bytes, 'n', LEN);
	fd = open_direct(file.path, 0);
	crew_add(&beside, write_beside, NULL);
	for (int slot = 0; slot < SLOTS; slot++)
		write_without_waiting(fd, bytes, slot);
	over = true;
	crew_wait(&beside);
	exercised("writes and refusals", refusals + writes);
	check_fsync(file.path);
	close(fd);
	page_memory_free(bytes, SIZE);
}
