/* Checks the size while writers extend the file, and the bytes at the end. See stress.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stress.h"

void watch_size(struct arena *a)
{
	int fd = open(a->options.path, O_RDONLY | O_CLOEXEC);
	uint64_t least, most;
	struct stat st;

	while (!atomic_load(&a->over)) {
		least = atomic_load(&a->completed_end);
		if (fstat(fd, &st))
			die("%s: %s", a->options.path, strerror(errno));
		most = atomic_load(&a->started_end);
		if ((uint64_t)st.st_size > most)
			found("the file has %lld bytes, but no write beyond %llu has begun",
			      (long long)st.st_size, (unsigned long long)most);
		if ((uint64_t)st.st_size < least)
			found("the file has %lld bytes, but a write up to %llu is complete",
			      (long long)st.st_size, (unsigned long long)least);
	}
	close(fd);
}

static void verify_size(const struct arena *a)
{
	struct stat st;

	if (stat(a->options.path, &st))
		die("%s: %s", a->options.path, strerror(errno));
	if ((size_t)st.st_size != a->size)
		found("the file has %lld bytes, not %zu", (long long)st.st_size, a->size);
}

static void verify_bytes(struct arena *a, const char *how,
			 size_t (*read)(const char *, void *, size_t))
{
	size_t room = a->size + 8192;
	unsigned char *bytes = page_memory(room);
	size_t got = read(a->options.path, bytes, a->size);

	if (got < a->size)
		found("%s: %zu bytes, but %zu were written", how, got, a->size);
	judge(a, how, bytes, 0, a->size);
	munmap(bytes, room);
}

void verify(struct arena *a)
{
	if (!a->options.block_device)
		verify_size(a);
	verify_bytes(a, "on the device at the end", raw_read_device);
	if (!a->options.block_device)
		verify_bytes(a, "through the page cache at the end", raw_read_cached);
}
