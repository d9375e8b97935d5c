/* Files, descriptors, counted calls, threads. See neighbours.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neighbours.h"

struct place place_of(const char *name)
{
	struct place p;

	if (scene.device)
		snprintf(p.path, sizeof(p.path), "%s", scene.path);
	else
		snprintf(p.path, sizeof(p.path), "%s/%s", scene.path, name);
	return p;
}

int open_ordinary(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

int open_direct(const char *path, int flags)
{
	return open_ordinary(path, flags | (scene.ordinary ? 0 : O_DIRECT));
}

void prepare_file(const char *path, const void *bytes, size_t len)
{
	if (!scene.device && unlink(path) && errno != ENOENT)
		die("%s: %s", path, strerror(errno));
	raw_write_file(path, bytes, len);
}

void check_direct_flag(int fd, const char *when)
{
	int flags = fcntl(fd, F_GETFL);

	checked(scene.ordinary || (flags >= 0 && flags & O_DIRECT),
		"%s: the descriptor's flags are %#x, without O_DIRECT", when, (unsigned)flags);
}

void check_fsync(const char *path)
{
	int fd = open_ordinary(path, 0);

	checked(!fsync(fd), "fsync of %s: %s", path, strerror(errno));
	close(fd);
}

void check_bytes(const char *path, const unsigned char *bytes, size_t len)
{
	unsigned char *got = page_memory(len + 8192);
	size_t count = raw_read_device(path, got, len);
	size_t pos = 0;
	size_t bad = 0;

	for (size_t i = 0; i < len; i++) {
		if (i < count && got[i] == bytes[i])
			continue;
		if (!bad++)
			pos = i;
	}
	checked(!bad, "%s: %zu of %zu bytes differ from what was written, the first is byte %zu",
		path, bad, len, pos);
	page_memory_free(got, len + 8192);
}

unsigned char *file_bytes(const char *path, size_t *size)
{
	unsigned char *bytes;
	struct stat st;

	if (stat(path, &st))
		die("%s: %s", path, strerror(errno));
	*size = (size_t)st.st_size;
	bytes = page_memory(*size + 8192);
	/*
	 * On ext4 (Linux 6.18) an ordinary write that is cut short by bad memory leaves blocks
	 * beyond the end of the file, which a direct read cannot read (EIO).
	 */
	if ((scene.ordinary ? raw_read_cached : raw_read_direct)(path, bytes, *size) < *size)
		die("%s: read less than the file's size", path);
	return bytes;
}

void count_call(const void *memory, size_t len, off_t pos)
{
	atomic_fetch_add(&tally->calls, 1);
	/* The offset of read() and write() is unknown; address and length must suffice. */
	if (((uintptr_t)memory | len | (size_t)(pos < 0 ? 0 : pos)) % 512)
		atomic_fetch_add(&tally->misaligned, 1);
}

ssize_t put_bytes(int fd, const void *bytes, size_t len, off_t pos)
{
	count_call(bytes, len, pos);
	return pos == -1 ? write(fd, bytes, len) : pwrite(fd, bytes, len, pos);
}

ssize_t get_bytes(int fd, void *bytes, size_t len, off_t pos)
{
	count_call(bytes, len, pos);
	return pos == -1 ? read(fd, bytes, len) : pread(fd, bytes, len, pos);
}

void crew_add(struct crew *c, void *(*main)(void *), void *argument)
{
	int error = pthread_create(&c->threads[c->count++], NULL, main, argument);

	if (error)
		die("pthread_create: %s", strerror(error));
}

void crew_wait(struct crew *c)
{
	for (int i = 0; i < c->count; i++)
		pthread_join(c->threads[i], NULL);
	c->count = 0;
}

void fork_crew(int count, void (*main)(int number))
{
	fflush(stdout);
	for (int number = 0; number < count; number++) {
		if (fork_child())
			continue;
		main(number);
		_exit(0);
	}
	checked(!wait_children(count), "a child process has failed");
}
