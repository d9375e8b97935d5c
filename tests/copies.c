/* Copies on direct descriptors: what all of the tests use. See copies.h. */
#include "copies.h"

#include <sys/mman.h>

static const char *directory;

const char *path_of(const char *name)
{
	static char in[4096], out[4096], other[4096];
	char *path = !strcmp(name, "in") ? in : !strcmp(name, "out") ? out : other;

	if (!strcmp(name, "device"))
		return getenv("DIOSHIM_TEST_DEVICE");
	snprintf(path, sizeof(in), "%s/%s", directory, name);
	return path;
}

const unsigned char *bytes_of(unsigned seed)
{
	static unsigned char bytes[2][ROOM];
	static unsigned turn;
	unsigned char *to = bytes[turn++ % 2];

	for (size_t n = 0; n < ROOM; n++)
		to[n] = (unsigned char)(seed * 37 + n * 7 + n / 251 + n / 65536 * 3);
	return to;
}

int file_with(const char *name, unsigned seed, size_t size, int flags)
{
	bool device = !strcmp(name, "device");
	int fd = open(path_of(name), O_RDWR | (device ? 0 : O_CREAT | O_TRUNC), 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes_of(seed), size), size);
	close(fd);
	fd = open(path_of(name), flags);
	assert_true(fd >= 0);
	return fd;
}

void leave_page_cache(const char *name)
{
	int fd = open(path_of(name), O_RDWR);

	assert_true(fd >= 0);
	assert_int_equal(fsync(fd), 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	close(fd);
}

const unsigned char *contents(const char *name, off_t pos, size_t *size)
{
	static unsigned char bytes[ROOM];
	int fd = open(path_of(name), O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = pread(fd, bytes, ROOM, pos);
	assert_true(n >= 0);
	close(fd);
	*size = (size_t)n;
	return bytes;
}

bool file_holds(const char *name, off_t pos, const unsigned char *bytes, size_t len)
{
	size_t size;
	const unsigned char *there = contents(name, pos, &size);

	return size >= len && !memcmp(there, bytes, len);
}

size_t cached_pages(const char *name)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
	int fd = open(path_of(name), O_RDONLY);
	size_t size = (size_t)lseek(fd, 0, SEEK_END);
	unsigned char in_core[ROOM / 4096];
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	assert_int_equal(mincore(at, size, in_core), 0);
	for (size_t i = 0; i < (size + page - 1) / page; i++)
		count += in_core[i] & 1;
	munmap(at, size);
	close(fd);
	return count;
}

int main(int argc, char **argv)
{
	const struct suite *all[] = { &files_suite, &pipes_suite, &sockets_suite, &device_suite };
	const struct suite *chosen[sizeof(all) / sizeof(all[0])];
	size_t count = 0;

	(void)argv;
	directory = getenv("DIOSHIM_TEST_DIR");
	if (argc != 1 || !directory)
		return 99;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] == &device_suite && !getenv("DIOSHIM_TEST_DEVICE"))
			continue;
		/* The kernel's own. */
		if (all[i] == &sockets_suite && getenv("DIOSHIM_TEST_CACHED"))
			continue;
		chosen[count++] = all[i];
	}
	return run_suites("copies", chosen, count, NULL);
}
