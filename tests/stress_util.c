/* What the stress tests share. See stress_util.h. */
#include "stress_util.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The mixer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators). */
uint64_t mix64(uint64_t value)
{
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

uint64_t rng_next(struct rng *r)
{
	return mix64(r->state += 0x9e3779b97f4a7c15);
}

size_t rng_between(struct rng *r, size_t least, size_t most)
{
	return least + rng_next(r) % (most - least + 1);
}

bool rng_one_in(struct rng *r, unsigned n)
{
	return rng_next(r) % n == 0;
}

static void complain(const char *format, va_list ap)
{
	char text[500];
	int n = vsnprintf(text, sizeof(text) - 1, format, ap);

	if (n > (int)sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	/* A single write, because many processes may print at once. */
	if (write(STDERR_FILENO, text, n) < 0)
		_exit(2);
}

void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
	_exit(2);
}

void found(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(format, ap);
	va_end(ap);
	_exit(1);
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *memory(size_t size, int sharing)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		die("mmap of %zu bytes: %s", size, strerror(errno));
	return addr;
}

void *shared_memory(size_t size)
{
	return memory(size, MAP_SHARED);
}

void *page_memory(size_t size)
{
	return memory(size, MAP_PRIVATE);
}

void page_memory_free(void *addr, size_t size)
{
	munmap(addr, size);
}

pid_t fork_child(void)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child < 0)
		die("fork: %s", strerror(errno));
	if (child > 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(2);
	return 0;
}

int wait_children(int count)
{
	int failed = 0;
	int status;

	while (count--)
		if (wait(&status) < 0 || status)
			failed++;
	return failed;
}

ssize_t raw_pread(int fd, void *buf, size_t len, off_t pos)
{
	return raw_syscall(SYS_pread64, fd, buf, len, pos);
}

ssize_t raw_pwrite(int fd, const void *buf, size_t len, off_t pos)
{
	return raw_syscall(SYS_pwrite64, fd, buf, len, pos);
}

static int raw_open(const char *path, int flags)
{
	int fd = (int)raw_syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void to_device(int fd, const char *path)
{
	if (fsync(fd))
		die("%s: fsync: %s", path, strerror(errno));
}

void raw_write_file(const char *path, const void *bytes, size_t len)
{
	int fd = raw_open(path, O_WRONLY | O_CREAT);

	for (size_t done = 0; done < len;) {
		ssize_t n = raw_pwrite(fd, (const char *)bytes + done, len - done, (off_t)done);

		if (n <= 0)
			die("%s: %s", path, n ? strerror(errno) : "device too small");
		done += (size_t)n;
	}
	to_device(fd, path);
	/* Leave nothing in the page cache of a block device, which direct writes bypass. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

static void drop_caches(int fd)
{
	int all;

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	/*
	 * The advice may leave pages behind. A container may forbid this; the direct read must then
	 * suffice.
	 */
	all = (int)raw_syscall(SYS_openat, AT_FDCWD, "/proc/sys/vm/drop_caches",
			       O_WRONLY | O_CLOEXEC);
	if (all < 0)
		return;
	if (raw_syscall(SYS_write, all, "1", 1) < 0 && errno != EPERM)
		die("drop_caches: %s", strerror(errno));
	close(all);
}

static size_t read_all(int fd, const char *path, void *into, size_t room)
{
	size_t done = 0;

	while (done < room) {
		ssize_t n = raw_pread(fd, (char *)into + done, room - done, (off_t)done);

		if (n < 0)
			die("%s: reading at %zu: %s", path, done, strerror(errno));
		done += (size_t)n;
		/* A short direct read means the end of the file. */
		if (n == 0 || n % 512)
			break;
	}
	return done;
}

static size_t whole_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

size_t raw_read_direct(const char *path, void *into, size_t len)
{
	int fd = raw_open(path, O_RDONLY | O_DIRECT);
	size_t got = read_all(fd, path, into, whole_pages(len));

	close(fd);
	return got;
}

size_t raw_read_device(const char *path, void *into, size_t len)
{
	int fd = raw_open(path, O_RDWR);

	to_device(fd, path);
	drop_caches(fd);
	close(fd);
	return raw_read_direct(path, into, len);
}

size_t raw_read_cached(const char *path, void *into, size_t len)
{
	int fd = raw_open(path, O_RDONLY);
	size_t got = read_all(fd, path, into, whole_pages(len));

	close(fd);
	return got;
}
