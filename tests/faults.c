/* The main program of the fault tests, and what they share. See faults.h. */
#include "faults.h"
#include "raw.h"

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const char *scene;
char current_case[256];
bool on_device = true;

void require_failed(const char *condition, const char *file, int line)
{
	print_error("%s: failed: %s (errno %d)\n", current_case, condition, errno);
	_fail(file, line);
}

const char *in_scene(const char *name)
{
	static char paths[4][PATH_MAX];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", scene, name);
	return path;
}

const char *kind_name(enum kind kind)
{
	static const char *const names[KINDS] = { "write", "pwrite", "writev", "pwritev",
						  "pwritev2" };

	return names[kind];
}

static unsigned char byte_of(unsigned seed, size_t n)
{
	return (unsigned char)(seed * 37 + n * 7 + n / 251 + n / 65521);
}

unsigned char *bytes_of(unsigned seed, size_t len, size_t shift)
{
	static unsigned char *space;

	if (!space) {
		space = mmap(NULL, LONGEST + 65536, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (space == MAP_FAILED)
			err(99, "mmap");
	}
	for (size_t n = 0; n < len; n++)
		space[shift + n] = byte_of(seed, n);
	return space + shift;
}

static void write_out(int fd, const unsigned char *bytes, size_t size)
{
	while (size) {
		ssize_t n = raw_syscall(SYS_write, fd, bytes, size);

		if (n <= 0)
			err(99, "writing a test's file");
		bytes += n;
		size -= n;
	}
}

void make_file(const char *path, unsigned seed, size_t size)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (fd < 0)
		err(99, "%s", path);
	write_out(fd, bytes_of(seed, size, 0), size);
	if ((on_device && fsync(fd)) || close(fd))
		err(99, "%s", path);
}

static int pieces_of(const struct attempt *a, void *buf, struct iovec *iov)
{
	size_t third = a->len / 3;

	iov[0] = (struct iovec){ buf, third };
	iov[1] = (struct iovec){ (char *)buf + third, third };
	iov[2] = (struct iovec){ (char *)buf + 2 * third, a->len - 2 * third };
	return 3;
}

ssize_t by_shim(int fd, const struct attempt *a, void *buf)
{
	struct iovec iov[3];
	int count = pieces_of(a, buf, iov);

	switch (a->kind) {
	case BY_WRITE:
		return write(fd, buf, a->len);
	case BY_PWRITE:
		return pwrite(fd, buf, a->len, a->pos);
	case BY_WRITEV:
		return writev(fd, iov, count);
	case BY_PWRITEV:
		return pwritev(fd, iov, count, a->pos);
	default:
		return pwritev2(fd, iov, count, a->pos, 0);
	}
}

ssize_t by_kernel(int fd, const struct attempt *a, void *buf)
{
	struct iovec iov[3];
	int count = pieces_of(a, buf, iov);

	switch (a->kind) {
	case BY_WRITE:
		return raw_syscall(SYS_write, fd, buf, a->len);
	case BY_PWRITE:
		return raw_syscall(SYS_pwrite64, fd, buf, a->len, a->pos);
	case BY_WRITEV:
		return raw_syscall(SYS_writev, fd, iov, count);
	case BY_PWRITEV:
		return raw_syscall(SYS_pwritev, fd, iov, count, a->pos, 0);
	default:
		return raw_syscall(SYS_pwritev2, fd, iov, count, a->pos, 0, 0);
	}
}

int open_for(const char *path, const struct attempt *a, int flags)
{
	int fd = open(path, O_RDWR | flags | (a->append ? O_APPEND : 0));

	if (fd < 0 || lseek(fd, a->pos, SEEK_SET) < 0)
		err(99, "%s", path);
	return fd;
}

struct image image_of(const char *path)
{
	struct image image = { NULL, 0 };
	int fd = open(path, O_RDONLY);
	size_t done = 0;
	struct stat st;

	/* The test has caused any EIO here itself, and judges by the contents. */
	if (fd < 0 || (on_device && fdatasync(fd) && errno != EIO) || fstat(fd, &st))
		err(99, "%s", path);
	if (on_device)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	image.size = st.st_size;
	image.bytes = malloc(image.size + 1);
	while (image.bytes && done < image.size) {
		ssize_t n =
			raw_syscall(SYS_pread64, fd, image.bytes + done, image.size - done, done);

		if (n <= 0)
			err(99, "reading %s", path);
		done += n;
	}
	close(fd);
	return image;
}

void image_free(struct image *image)
{
	free(image->bytes);
}

static bool positional(const struct attempt *a)
{
	return a->kind != BY_WRITE && a->kind != BY_WRITEV;
}

static size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Returns the byte that was there before; 0 beyond the end of the file. */
static unsigned char old_byte(const struct image *before, size_t n)
{
	return n < before->size ? before->bytes[n] : 0;
}

void require_true(const char *path, int fd, const struct image *before, const struct attempt *a,
		  const unsigned char *data, ssize_t ret)
{
	size_t moved = ret > 0 ? ret : 0;
	size_t end = a->pos + a->len;
	struct image now = image_of(path);

	require(ret >= -1 && ret != 0 && moved <= a->len);
	require(now.size >= max_size(before->size, moved ? a->pos + moved : 0));
	require(now.size <= max_size(before->size, end));
	for (size_t n = 0; n < now.size; n++) {
		unsigned char old = old_byte(before, n);

		if (n < (size_t)a->pos || n >= end)
			require(now.bytes[n] == old);
		else if (n < a->pos + moved)
			require(now.bytes[n] == data[n - a->pos]);
		else
			require(now.bytes[n] == old || now.bytes[n] == data[n - a->pos]);
	}
	if (!positional(a))
		require(lseek(fd, 0, SEEK_CUR) == a->pos + (off_t)moved);
	image_free(&now);
}

void require_completes(const char *path, int fd, const struct image *before,
		       const struct attempt *a, unsigned char *data, ssize_t ret)
{
	size_t moved = ret > 0 ? ret : 0;
	struct attempt rest = *a;

	rest.pos += moved;
	rest.len -= moved;
	if (rest.len)
		require(by_shim(fd, &rest, data + moved) == (ssize_t)rest.len);
	require_true(path, fd, before, a, data, a->len);
}

/* The tests for each kind of scene. */
static const struct {
	const char *name;
	int (*run)(void);
} suites[] = {
	{ "space", space_tests }, { "quota", quota_tests }, { "limit", limit_tests },
	{ "end", end_tests },	  { "error", error_tests }, { "memory", memory_tests },
	{ "kill", kill_tests },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < COUNT_OF(suites); i++) {
		scene = argv[2];
		if (!strcmp(argv[1], suites[i].name))
			return suites[i].run();
	}
	fputs("usage: faults space|quota|limit|end|error|memory|kill SCENE (see faults.bats)\n",
	      stderr);
	return 99;
}
