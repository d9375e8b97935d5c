/* Creates and maps record files. See record_map.h. */
#include "report/record_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"

static void complain(const char *path, const char *what)
{
	fprintf(stderr, "dioshim: %s: %s\n", path, what);
}

static int put_words(int fd, const uint64_t *words, size_t len, off_t at)
{
	ssize_t n = pwrite(fd, words, len, at);

	return n < 0 ? errno : n == (ssize_t)len ? 0 : EIO;
}

/* Sets up the file as its first user would, so that it is valid even if no process uses it. */
static int set_up(int fd, bool no_io_uring)
{
	static const uint64_t head[] = { RECORD_MAGIC, sizeof(struct record) };
	const uint64_t flag = no_io_uring;
	int error;

	if (ftruncate(fd, sizeof(struct record)))
		return errno;
	error = put_words(fd, &flag, sizeof(flag), offsetof(struct record, no_io_uring));
	return error ? error : put_words(fd, head, sizeof(head), 0);
}

static int map(int fd, struct record **rec)
{
	void *address = mmap(NULL, sizeof(struct record), PROT_READ, MAP_SHARED, fd, 0);

	if (address == MAP_FAILED)
		return errno;
	*rec = address;
	return 0;
}

/*
 * Maps it as other processes will, by its path; this fails if they cannot open it. Of a read-only descriptor, so that the
 * kernel can tell whether somebody maps it for writing (run/left.c).
 */
static int map_by_path(const char *path, struct record **rec)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	error = map(fd, rec);
	close(fd);
	return error;
}

/*
 * Its pages are taken as they are used. A memfd has no limit but the system's memory, unlike a file in /dev/shm, of
 * which a container may have little: there, a store into a hole would end the process with SIGBUS.
 *
 * Two leading slashes: a process that starts after the launcher's end does not take whatever the path names then
 * (src/recording.c).
 */
static int make_in_memory(struct record_file_made *made, bool no_io_uring)
{
	int error;

	made->fd = memfd_create("dioshim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (made->fd < 0)
		return errno;
	made->path = alloc_format("//proc/%ld/fd/%d", (long)getpid(), made->fd);
	error = fchmod(made->fd, 0600) ? errno : set_up(made->fd, no_io_uring);
	return error ? error : map_by_path(made->path, &made->rec);
}

/* Its blocks are reserved: see above. */
static int make_in(const char *directory, struct record_file_made *made, bool no_io_uring)
{
	int error;
	int fd;

	made->path = alloc_format("%s%s/dioshim.XXXXXX", *directory == '/' ? "/" : "", directory);
	fd = mkostemp(made->path, O_CLOEXEC); /* 0600 */
	if (fd < 0) {
		error = errno;
		free(made->path);
		made->path = NULL;
		return error;
	}
	error = set_up(fd, no_io_uring);
	if (!error)
		error = posix_fallocate(fd, 0, sizeof(struct record));
	if (!error)
		error = map(fd, &made->rec);
	close(fd);
	return error;
}

int record_map_make(struct record_file_made *made, bool no_io_uring)
{
	const char *temporary = getenv("TMPDIR");
	int error;

	*made = (struct record_file_made){ .fd = -1 };
	if (!make_in_memory(made, no_io_uring))
		return 0;
	record_map_remove(made);
	error = make_in(temporary && *temporary ? temporary : "/tmp", made, no_io_uring);
	if (error)
		record_map_remove(made);
	return error;
}

void record_map_remove(struct record_file_made *made)
{
	record_map_close(made->rec);
	if (made->fd >= 0)
		close(made->fd);
	else if (made->path)
		unlink(made->path);
	free(made->path);
	*made = (struct record_file_made){ .fd = -1 };
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
		return "not a record file of DIOSHIM_STATS, DIOSHIM_TRACE or "
		       "DIOSHIM_REFUSED_RECORD";
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
