/*
 * Calls that are refused with EINVAL for a reason that is not alignment: the program gets the
 * answer, and neighbours.bats counts under strace how often the kernel was asked. What is written
 * begins with "garbage", and then with the name of the case.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "neighbours.h"

enum { ROOM = 16384 };

static unsigned char *bytes;

/* The call is refused, and says so. */
static void refused(int fd, const char *name, size_t misalign, size_t len, off_t pos)
{
	ssize_t done;

	memset(bytes, 0, ROOM);
	snprintf((char *)bytes + misalign, 100, "garbage-%s", name);
	done = put_bytes(fd, bytes + misalign, len, pos);
	checked(done == -1 && errno == EINVAL, "%s: %zd (%s)", name, done, strerror(errno));
}

/*
 * A number that was O_DIRECT and misaligned, closed inside the C library and then another file's,
 * opened inside the C library: nobody has told the shim.
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

/* oom_score_adj says EINVAL to what is no number. */
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

/* An eventfd says EINVAL to less than 8 bytes, and a file to a place before its beginning. */
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

/* A file whose server means it. */
static void play_file(const char *path)
{
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	refused(fd, "server-aligned", 0, 8192, 0);
	refused(fd, "server-odd", 1, 5000, 3);
	checked(get_bytes(fd, bytes, 4096, 0) == -1 && errno == EINVAL, "read: %s",
		strerror(errno));
	checked(get_bytes(fd, bytes + 1, 5000, 3) == -1 && errno == EINVAL, "read: %s",
		strerror(errno));
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
