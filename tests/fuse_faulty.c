/*
 * A filesystem for tests: shows the files of another directory, can refuse misaligned direct I/O,
 * and fails on command.
 *
 *   fuse_faulty [--align N] [--uncached] BACKING MOUNTPOINT
 *
 * --align N    refuses (EINVAL) a request through an O_DIRECT descriptor if its offset or length is not
 *              a multiple of N, as some servers do; a read at the end of the file may be short
 * --uncached   sets FOPEN_DIRECT_IO for every open file: no page cache, whether or not it is O_DIRECT
 *
 * Commands are written to the file .cue in its root: "read START LENGTH" or "write START LENGTH"
 * (reads or writes that touch these bytes of any file fail with EIO), "refuse START LENGTH" (both
 * fail with EINVAL, however they are aligned), or "none 0 0".
 */
#define FUSE_USE_VERSION 31

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CUE_PATH "/.cue"

struct options {
	unsigned align;
	int uncached;
	const char *backing;
};

static struct options options;

static pthread_mutex_t cue_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char operation[8];
	long long start;
	long long length;
} cue;

static bool is_cue(const char *path)
{
	return !strcmp(path, CUE_PATH);
}

static const char *backing_path(char *space, const char *path)
{
	snprintf(space, PATH_MAX, "%s%s", options.backing, path);
	return space;
}

static int answer(int ret)
{
	return ret < 0 ? -errno : 0;
}

static int take_cue(const char *text, size_t len)
{
	char line[100] = "";
	int fields;

	memcpy(line, text, len < sizeof(line) ? len : sizeof(line) - 1);
	pthread_mutex_lock(&cue_mutex);
	fields = sscanf(line, "%7s %lld %lld", cue.operation, &cue.start, &cue.length);
	pthread_mutex_unlock(&cue_mutex);
	return fields == 3 ? (int)len : -EINVAL;
}

static bool must_fail(const char *operation, size_t len, off_t pos)
{
	bool fails;

	pthread_mutex_lock(&cue_mutex);
	fails = !strcmp(cue.operation, operation) && pos < cue.start + cue.length &&
		pos + (off_t)len > cue.start;
	pthread_mutex_unlock(&cue_mutex);
	return fails;
}

static int refusal(const char *operation, size_t len, off_t pos, const struct fuse_file_info *fi)
{
	if (options.align && (fi->flags & O_DIRECT) && (len | (size_t)pos) % options.align)
		return -EINVAL;
	if (must_fail("refuse", len, pos))
		return -EINVAL;
	return must_fail(operation, len, pos) ? -EIO : 0;
}

static void *faulty_init(struct fuse_conn_info *conn, struct fuse_config *config)
{
	(void)conn;
	config->use_ino = 1;
	config->nullpath_ok = 0;
	/*
	 * Where .cue made a write fail half way, the backing file changes without the kernel's
	 * knowledge.
	 */
	config->attr_timeout = 0;
	return NULL;
}

static int faulty_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	char space[PATH_MAX];

	(void)fi;
	if (!is_cue(path))
		return answer(lstat(backing_path(space, path), st));
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFREG | 0600;
	st->st_nlink = 1;
	return 0;
}

static int open_backing(const char *path, struct fuse_file_info *fi, mode_t mode)
{
	char space[PATH_MAX];
	int access = (fi->flags & O_ACCMODE) == O_RDONLY ? O_RDONLY : O_RDWR;
	int fd;

	fi->direct_io = options.uncached || is_cue(path);
	if (is_cue(path))
		return 0;
	fd = open(backing_path(space, path), access | (fi->flags & (O_CREAT | O_EXCL | O_TRUNC)),
		  mode);
	if (fd < 0)
		return -errno;
	fi->fh = fd;
	return 0;
}

static int faulty_open(const char *path, struct fuse_file_info *fi)
{
	return open_backing(path, fi, 0);
}

static int faulty_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	return open_backing(path, fi, mode);
}

static int faulty_release(const char *path, struct fuse_file_info *fi)
{
	if (!is_cue(path))
		close((int)fi->fh);
	return 0;
}

static int faulty_read(const char *path, char *to, size_t len, off_t pos, struct fuse_file_info *fi)
{
	int refused = refusal("read", len, pos, fi);
	ssize_t ret;

	if (is_cue(path))
		return 0;
	if (refused)
		return refused;
	ret = pread((int)fi->fh, to, len, pos);
	return ret < 0 ? -errno : (int)ret;
}

static int faulty_write(const char *path, const char *from, size_t len, off_t pos,
			struct fuse_file_info *fi)
{
	int refused;
	ssize_t ret;

	if (is_cue(path))
		return take_cue(from, len);
	refused = refusal("write", len, pos, fi);
	if (refused)
		return refused;
	ret = pwrite((int)fi->fh, from, len, pos);
	return ret < 0 ? -errno : (int)ret;
}

static int faulty_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	char space[PATH_MAX];

	(void)fi;
	return is_cue(path) ? 0 : answer(truncate(backing_path(space, path), size));
}

static int faulty_fallocate(const char *path, int mode, off_t pos, off_t len,
			    struct fuse_file_info *fi)
{
	(void)path;
	return answer(fallocate((int)fi->fh, mode, pos, len));
}

static int faulty_fsync(const char *path, int data_only, struct fuse_file_info *fi)
{
	if (is_cue(path))
		return 0;
	return answer(data_only ? fdatasync((int)fi->fh) : fsync((int)fi->fh));
}

static int faulty_unlink(const char *path)
{
	char space[PATH_MAX];

	return answer(unlink(backing_path(space, path)));
}

static int faulty_mkdir(const char *path, mode_t mode)
{
	char space[PATH_MAX];

	return answer(mkdir(backing_path(space, path), mode));
}

static int faulty_rmdir(const char *path)
{
	char space[PATH_MAX];

	return answer(rmdir(backing_path(space, path)));
}

static int faulty_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	char space[PATH_MAX];

	(void)fi;
	return answer(chmod(backing_path(space, path), mode));
}

static int faulty_utimens(const char *path, const struct timespec times[2],
			  struct fuse_file_info *fi)
{
	char space[PATH_MAX];

	(void)fi;
	return answer(utimensat(AT_FDCWD, backing_path(space, path), times, AT_SYMLINK_NOFOLLOW));
}

static int faulty_statfs(const char *path, struct statvfs *st)
{
	char space[PATH_MAX];

	return answer(statvfs(backing_path(space, path), st));
}

static int faulty_readdir(const char *path, void *to, fuse_fill_dir_t fill, off_t pos,
			  struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	char space[PATH_MAX];
	DIR *dir = opendir(backing_path(space, path));
	struct dirent *entry;

	(void)pos;
	(void)fi;
	(void)flags;
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		fill(to, entry->d_name, NULL, 0, 0);
	closedir(dir);
	return 0;
}

static const struct fuse_operations operations = {
	.init = faulty_init,
	.getattr = faulty_getattr,
	.open = faulty_open,
	.create = faulty_create,
	.release = faulty_release,
	.read = faulty_read,
	.write = faulty_write,
	.truncate = faulty_truncate,
	.fallocate = faulty_fallocate,
	.fsync = faulty_fsync,
	.unlink = faulty_unlink,
	.mkdir = faulty_mkdir,
	.rmdir = faulty_rmdir,
	.chmod = faulty_chmod,
	.utimens = faulty_utimens,
	.statfs = faulty_statfs,
	.readdir = faulty_readdir,
};

static const struct fuse_opt accepted[] = {
	{ "--align %u", offsetof(struct options, align), 0 },
	{ "--uncached", offsetof(struct options, uncached), 1 },
	FUSE_OPT_END,
};

/* The first operand is the backing directory; the second, the mount point, is libfuse's. */
static int take_argument(void *data, const char *word, int key, struct fuse_args *args)
{
	(void)data;
	(void)args;
	if (key != FUSE_OPT_KEY_NONOPT || options.backing)
		return 1;
	options.backing = realpath(word, NULL);
	if (!options.backing)
		err(1, "%s", word);
	return 0;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);

	if (fuse_opt_parse(&args, &options, accepted, take_argument))
		return 1;
	return fuse_main(args.argc, args.argv, &operations, NULL);
}
