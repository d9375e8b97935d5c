/* Creates and maps record files. See record_map.h. */
#include "report/record_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void complain(const char *path, const char *what)
{
	fprintf(stderr, "dioshim: %s: %s\n", path, what);
}

/* Sets up the file as its first user would, so that it is valid even if no process uses it. */
static int set_up(int fd)
{
	static const uint64_t head[] = { RECORD_MAGIC, sizeof(struct record) };

	if (ftruncate(fd, sizeof(struct record)))
		return errno;
	ssize_t n = pwrite(fd, head, sizeof(head), 0);

	return n < 0 ? errno : n == sizeof(head) ? 0 : EIO;
}

static char *create_in(const char *directory)
{
	char *path;
	int fd, error;

	/*
	 * Two leading slashes: processes do not create the file again after its removal
	 * (src/config.c).
	 */
	if (asprintf(&path, "%s%s/dioshim.XXXXXX", *directory == '/' ? "/" : "", directory) < 0)
		return NULL;
	fd = mkostemp(path, O_CLOEXEC); /* 0600 */
	error = fd < 0 ? errno : set_up(fd);
	if (!error) {
		close(fd);
		return path;
	}
	if (fd >= 0) {
		unlink(path);
		close(fd);
	}
	free(path);
	errno = error;
	return NULL;
}

char *record_map_create(void)
{
	const char *temporary = getenv("TMPDIR");
	char *path = create_in("/dev/shm");

	if (!path)
		path = create_in(temporary && *temporary ? temporary : "/tmp");
	if (!path)
		complain(temporary && *temporary ? temporary : "/tmp", strerror(errno));
	return path;
}

/* Returns why the file cannot be used as a record file; NULL if it can. */
static const char *wrong(int fd)
{
	uint64_t head[2];
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || pread(fd, head, sizeof(head), 0) != sizeof(head) ||
	    head[0] != RECORD_MAGIC)
		return "not a record file of DIOSHIM_STATS or DIOSHIM_TRACE";
	if (head[1] != sizeof(struct record))
		return "record file of another version of dioshim";
	if (st.st_size < (off_t)sizeof(struct record))
		return "truncated record file";
	return NULL;
}

struct record *record_map_open(const char *path)
{
	/* O_NONBLOCK: opening a FIFO must not block. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	void *map = MAP_FAILED;
	const char *why;

	if (fd < 0) {
		complain(path, strerror(errno));
		return NULL;
	}
	why = wrong(fd);
	if (!why) {
		map = mmap(NULL, sizeof(struct record), PROT_READ, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			why = strerror(errno);
	}
	if (why)
		complain(path, why);
	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

void record_map_close(struct record *rec)
{
	if (rec)
		munmap(rec, sizeof(*rec));
}
