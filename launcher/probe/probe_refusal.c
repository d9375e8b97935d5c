/* Finds out whether O_DIRECT is refused. See probe_refusal.h. */
#include "probe/probe_refusal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "sys.h"

enum {
	ALIGNED = 65536, /* address and length of a read that no file system calls misaligned */
	ENTRIES = 1000,	 /* of a directory that are looked at */
};

static void refused_at_open(struct probe *p)
{
	p->refused = PROBE_AT_OPEN;
	probe_note(p, "O_DIRECT refused at open");
}

static void refused_at_call(struct probe *p)
{
	p->refused = PROBE_AT_CALL;
	probe_note(p, "O_DIRECT accepted at open, and refused at the first call");
}

/* Past the C library, as in probe_call.c. */
static bool read_refused(int fd)
{
	char *buffer = aligned_alloc(ALIGNED, ALIGNED);
	long ret = buffer ? sys(SYS_pread64, fd, buffer, (long)ALIGNED, 0L) : 0;

	free(buffer);
	return ret == -EINVAL;
}

/* Without a change of its time of access, where that is allowed (open(2), O_NOATIME). */
static int open_existing(const char *path)
{
	const int flags = O_RDONLY | O_DIRECT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(path, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? open(path, flags) : fd;
}

static bool reports_alignments(const struct probe *p)
{
	return p->mem_align != PROBE_UNKNOWN;
}

void probe_refusal(struct probe *p, bool try)
{
	int fd;

	if (!p->is_file || p->block_device || reports_alignments(p))
		return;
	fd = open_existing(p->path);
	if (fd < 0 && errno == EINVAL)
		refused_at_open(p);
	if (fd < 0)
		return;
	if (try && read_refused(fd))
		refused_at_call(p);
	close(fd);
}

void probe_refusal_new(struct probe *p, int fd)
{
	char *path;
	int again;

	if (p->refused || reports_alignments(p))
		return;
	path = alloc_format("/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	free(path);
	if (again >= 0)
		close(again);
	else if (errno == EINVAL)
		refused_at_open(p);
}

void probe_refusal_tried(struct probe *p)
{
	if (!reports_alignments(p) && p->aligned.way == PROBE_REFUSED && p->aligned.error == EINVAL)
		refused_at_call(p);
}

char *probe_file_in(const char *directory)
{
	DIR *list = opendir(directory);
	char *found = NULL;
	struct dirent *entry;
	struct stat st;

	for (int i = 0; list && !found && i < ENTRIES && (entry = readdir(list)); i++)
		if (!fstatat(dirfd(list), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode))
			found = alloc_format("%s/%s", directory, entry->d_name);
	if (list)
		closedir(list);
	return found;
}
