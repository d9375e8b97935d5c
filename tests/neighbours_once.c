/*
 * Calls that fail with EINVAL for another reason than alignment. The program must get this error,
 * and neighbours.bats counts the system calls under strace. The bytes written begin with "garbage-"
 * and the name of the case.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neighbours.h"
#include "raw.h"

enum { ROOM = 16384 };

static unsigned char *bytes;

/* Makes a write, and checks that it fails with EINVAL. */
static void refused(int fd, const char *name, size_t misalign, size_t len, off_t pos)
{
	ssize_t done;

	memset(bytes, 0, ROOM);
	snprintf((char *)bytes + misalign, 100, "garbage-%s", name);
	done = put_bytes(fd, bytes + misalign, len, pos);
	checked(done == -1 && errno == EINVAL, "%s: %zd (%s)", name, done, strerror(errno));
}

/*
 * Opens `path` on a number that had O_DIRECT and a misaligned write before. The number is closed
 * and opened inside the C library, so that the shim does not see either.
 */
static FILE *reopen_inside(const char *path)
{
	struct place p = place_of("once");
	int fd = open_direct(p.path, 0);
	FILE *stream, *next;

	checked(put_bytes(fd, bytes + 1, 1000, 3) == 1000, "write: %s", strerror(errno));
	stream = fdopen(fd, "r+");
	if (!stream || fclose(stream))
		die("fclose: %s", strerror(errno));
	next = fopen(path, "r+");
	if (!next)
		die("%s: %s", path, strerror(errno));
	checked(fileno(next) == fd, "number %d is now %d", fd, fileno(next));
	return next;
}

/* oom_score_adj refuses text that is not a number with EINVAL. */
static void play_numbers(void)
{
	static const char oom[] = "/proc/self/oom_score_adj";
	int fd = open(oom, O_RDWR | O_CLOEXEC);
	FILE *stream;

	refused(fd, "fresh-aligned", 0, 4096, -1);
	refused(fd, "fresh-odd", 1, 100, -1);
	close(fd);
	stream = reopen_inside(oom);
	refused(fileno(stream), "stale-aligned", 0, 4096, -1);
	refused(fileno(stream), "stale-odd", 1, 100, -1);
	fclose(stream);
}

/* An eventfd refuses less than 8 bytes with EINVAL, and a file refuses a negative offset. */
static void play_others(void)
{
	struct place p = place_of("once");
	int fd = eventfd(0, EFD_CLOEXEC);

	refused(fd, "eventfd", 1, 7, -1);
	close(fd);
	fd = open_direct(p.path, 0);
	refused(fd, "negative-aligned", 0, 4096, -4096);
	refused(fd, "negative-odd", 1, 4095, -4095);
	close(fd);
}

/* Returns the errno of a read through the page cache. Linux 7.2 makes EIO of a FUSE server's EINVAL there. */
static int ordinary_error(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = raw_pread(fd, bytes, 4096, 0);
	int error = errno;

	if (fd < 0 || got != -1)
		die("%s: %zd bytes can be read", path, got);
	close(fd);
	return error;
}

static void refused_read(int fd, size_t misalign, size_t len, off_t pos, int ordinary)
{
	ssize_t got = get_bytes(fd, bytes + misalign, len, pos);

	checked(got == -1 && (errno == EINVAL || errno == ordinary), "read: %zd, %s", got,
		strerror(errno));
}

/* A file on FUSE whose server fails every call with EINVAL. */
static void play_file(const char *path)
{
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	int ordinary = ordinary_error(path);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	refused(fd, "server-aligned", 0, 8192, 0);
	refused(fd, "server-odd", 1, 5000, 3);
	refused_read(fd, 0, 4096, 0, ordinary);
	refused_read(fd, 1, 5000, 3, ordinary);
	close(fd);
}

void mode_once(void)
{
	struct stat st;

	bytes = page_memory(ROOM);
	if (!stat(scene.path, &st) && S_ISREG(st.st_mode)) {
		play_file(scene.path);
	} else {
		play_numbers();
		play_others();
	}
	page_memory_free(bytes, ROOM);
}
