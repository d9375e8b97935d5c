/*
 * Makes the calls that the command line names, each between two marks at which a trace can be cut:
 *
 *	callone TARGET FLAGS CALL...
 *
 * TARGET is a path, "pipe:" or "socket:"; FLAGS are words of open(2), comma-separated, such as
 * rdwr,direct. CALL is NAME,MISALIGN,LENGTH,OFFSET for a transfer with a buffer MISALIGN bytes past
 * a page boundary, or the bare NAME of a call on descriptors. Vectored transfers use two halves,
 * each MISALIGN bytes past a boundary.
 *
 * A mark is an access() of a path that cannot exist. It contains the addresses of the buffer and of
 * the iovec array. Each call's result goes to standard output, so that two runs can be compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transfers.h"

#define HALF (1024 * 1024)

static unsigned char area[2 * HALF + 2 * 4096] __attribute__((aligned(4096)));
static struct iovec iov[2];

struct transfer {
	int fd;
	unsigned char *buf;
	size_t len;
	off_t off;
};

static void set_halves(const struct transfer *t, size_t misalign)
{
	size_t first = t->len / 2;

	iov[0] = (struct iovec){ t->buf, first };
	iov[1] = (struct iovec){ area + HALF + 4096 + misalign, t->len - first };
}

static ssize_t do_read(const struct transfer *t)
{
	return read(t->fd, t->buf, t->len);
}

static ssize_t do_pread64(const struct transfer *t)
{
	return pread(t->fd, t->buf, t->len, t->off);
}

static ssize_t do_readv(const struct transfer *t)
{
	return readv(t->fd, iov, 2);
}

static ssize_t do_preadv(const struct transfer *t)
{
	return preadv(t->fd, iov, 2, t->off);
}

static ssize_t do_preadv2(const struct transfer *t)
{
	return preadv2(t->fd, iov, 2, t->off, 0);
}

static ssize_t do_write(const struct transfer *t)
{
	return write(t->fd, t->buf, t->len);
}

static ssize_t do_pwrite64(const struct transfer *t)
{
	return pwrite(t->fd, t->buf, t->len, t->off);
}

static ssize_t do_writev(const struct transfer *t)
{
	return writev(t->fd, iov, 2);
}

static ssize_t do_pwritev(const struct transfer *t)
{
	return pwritev(t->fd, iov, 2, t->off);
}

static ssize_t do_pwritev2(const struct transfer *t)
{
	return pwritev2(t->fd, iov, 2, t->off, 0);
}

#define ROW(call, takes) { #call, do_##call, (takes)&TRANSFER_OFFSET },

static const struct {
	const char *name;
	ssize_t (*call)(const struct transfer *t);
	int positional;
} transfers[] = { DIOSHIM_TRANSFERS(ROW) };

static const struct {
	const char *name;
	int flag;
} open_flags[] = {
	{ "rdonly", O_RDONLY }, { "wronly", O_WRONLY }, { "rdwr", O_RDWR },
	{ "direct", O_DIRECT }, { "creat", O_CREAT },	{ "trunc", O_TRUNC },
	{ "append", O_APPEND },
};

static void die(const char *what, const char *which)
{
	fprintf(stderr, "callone: %s: %s\n", what, which);
	exit(99);
}

static int parse_flags(char *words)
{
	int flags = 0;

	for (char *w = strtok(words, ","); w; w = strtok(NULL, ",")) {
		size_t n = sizeof(open_flags) / sizeof(open_flags[0]);

		while (n-- && strcmp(open_flags[n].name, w))
			;
		if (n == (size_t)-1)
			die("unknown flag", w);
		flags |= open_flags[n].flag;
	}
	return flags;
}

static void mark(const char *what, const char *call)
{
	char path[200];

	snprintf(path, sizeof(path), "mark:%s/%s/%p/%p", what, call, (void *)area, (void *)iov);
	if (!access(path, F_OK))
		die("exists", path);
}

static void report(const char *call, ssize_t result, int error)
{
	printf("%s = %zd%s%s\n", call, result, result < 0 ? " " : "",
	       result < 0 ? strerror(error) : "");
	fflush(stdout);
}

/* Whether a word of the command line is the call: "pread" is the C library's name of pread64. */
static int is_called(const char *word, const char *call)
{
	size_t n = strlen(word);

	return !strncmp(word, call, n) && (!call[n] || !strcmp(call + n, "64"));
}

static int make_transfer(const char *call, int read_fd, int write_fd, ssize_t *result)
{
	char name[20];
	size_t misalign, len;
	long long off;
	struct transfer t;

	if (sscanf(call, "%19[a-z0-9],%zu,%zu,%lld", name, &misalign, &len, &off) != 4)
		return 0;
	for (size_t i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
		if (!is_called(name, transfers[i].name))
			continue;
		t = (struct transfer){ strstr(name, "read") ? read_fd : write_fd, area + misalign,
				       len, off };
		set_halves(&t, misalign);
		if (!transfers[i].positional && off >= 0)
			lseek(t.fd, off, SEEK_SET);
		mark("begin", call);
		*result = transfers[i].call(&t);
		return 1;
	}
	return 0;
}

static int make_call(const char *call, const char *path, int flags, int fd, ssize_t *result)
{
	static int last = -1;

	mark("begin", call);
	if (!strcmp(call, "open"))
		*result = last = open(path, flags, 0600);
	else if (!strcmp(call, "open64"))
		*result = last = open64(path, flags, 0600);
	else if (!strcmp(call, "openat"))
		*result = last = openat(AT_FDCWD, path, flags, 0600);
	else if (!strcmp(call, "creat"))
		*result = last = creat(path, 0600);
	else if (!strcmp(call, "dup"))
		*result = last = dup(fd);
	else if (!strcmp(call, "dup2"))
		*result = last = dup2(fd, 100);
	else if (!strcmp(call, "dup3"))
		*result = last = dup3(fd, 101, O_CLOEXEC);
	else if (!strcmp(call, "dupfd"))
		*result = last = fcntl(fd, F_DUPFD, 50);
	else if (!strcmp(call, "dupfd_cloexec"))
		*result = last = fcntl(fd, F_DUPFD_CLOEXEC, 50);
	else if (!strcmp(call, "getfd"))
		*result = fcntl(fd, F_GETFD);
	else if (!strcmp(call, "getfl"))
		*result = fcntl(fd, F_GETFL);
	else if (!strcmp(call, "setfl"))
		*result = fcntl(fd, F_SETFL, O_NONBLOCK);
	else if (!strcmp(call, "close"))
		*result = close(last);
	else
		return 0;
	return 1;
}

static void open_target(const char *target, int flags, int *read_fd, int *write_fd)
{
	int pair[2] = { -1, -1 };

	if (!strcmp(target, "pipe:")) {
		if (pipe(pair))
			die("pipe", strerror(errno));
	} else if (!strcmp(target, "socket:")) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			die("socketpair", strerror(errno));
	} else {
		pair[0] = pair[1] = open(target, flags, 0600);
		if (pair[0] < 0)
			die(target, strerror(errno));
	}
	*read_fd = pair[0];
	*write_fd = pair[1];
}

int main(int argc, char **argv)
{
	int read_fd, write_fd;

	if (argc < 4)
		die("usage", "callone TARGET FLAGS CALL...");
	int flags = parse_flags(argv[2]);

	for (size_t i = 0; i < sizeof(area); i++)
		area[i] = (unsigned char)(i / 7 + i / 4096);
	open_target(argv[1], flags, &read_fd, &write_fd);
	for (int i = 3; i < argc; i++) {
		ssize_t result;

		if (!make_transfer(argv[i], read_fd, write_fd, &result) &&
		    !make_call(argv[i], argv[1], flags & ~O_TRUNC, read_fd, &result))
			die("unknown call", argv[i]);
		int error = errno;

		mark("end", argv[i]);
		report(argv[i], result, error);
	}
	return 0;
}
