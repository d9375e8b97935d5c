/*
 * Special memory: memory that cannot be pinned, and memory that disappears while it is copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "neighbours.h"
#include "raw.h"

/* --- memfd_secret(2): direct I/O cannot pin it, but the kernel can copy it --- */

enum { SECRET = 1 << 20 };

static unsigned char *secret_memory(void)
{
	int fd = (int)raw_syscall(SYS_memfd_secret, 0);
	unsigned char *memory;

	if (fd < 0 || ftruncate(fd, SECRET))
		skipped("memfd_secret is unavailable");
	memory = mmap(NULL, SECRET, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		skipped("cannot map memory of memfd_secret");
	close(fd);
	return memory;
}

struct transfer {
	size_t misalign, len;
	off_t pos;
};

static void move_secret(int fd, unsigned char *memory, const struct transfer *t, unsigned seed)
{
	static unsigned char back[SECRET] __attribute__((aligned(4096)));
	unsigned char *secret = memory + t->misalign;
	ssize_t done;

	for (size_t i = 0; i < t->len; i++)
		secret[i] = (unsigned char)(seed * 5 + i + i / 255);
	done = put_bytes(fd, secret, t->len, t->pos);
	checked(done == (ssize_t)t->len, "write of %zu secret bytes at %zu: %zd (%s)", t->len,
		t->misalign, done, strerror(errno));
	done = get_bytes(fd, back, t->len, t->pos);
	checked(done == (ssize_t)t->len && !memcmp(back, secret, t->len),
		"the file does not hold the %zu secret bytes that were written", t->len);
	memset(secret, 0, t->len);
	done = get_bytes(fd, secret, t->len, t->pos);
	checked(done == (ssize_t)t->len && !memcmp(back, secret, t->len),
		"read of %zu bytes to secret memory: %zd (%s), or other bytes", t->len, done,
		strerror(errno));
}

void mode_secret(void)
{
	static const struct transfer chosen[] = {
		{ 0, 4096, 0 },	    { 0, 1000, 4096 },	 { 1, 4096, 8192 },    { 3, 1001, 5 },
		{ 0, 65536, 4096 }, { 7, 65536, 65536 }, { 1, 300001, 77777 }, { 0, 524288, 0 },
	};
	enum { CHOSEN = sizeof(chosen) / sizeof(chosen[0]) };
	double deadline = seconds_now() + scene.seconds;
	unsigned char *memory = secret_memory();
	struct place p = place_of("secret");
	unsigned char *zeros = page_memory(SECRET);
	int fd;

	prepare_file(p.path, zeros, SECRET);
	fd = open_direct(p.path, 0);
	for (unsigned n = 0; n < CHOSEN || (seconds_now() < deadline && !tally->wrong); n++)
		move_secret(fd, memory, &chosen[n % CHOSEN], n);
	check_direct_flag(fd, "at the end");
	check_fsync(p.path);
	close(fd);
	munmap(memory, SECRET);
	page_memory_free(zeros, SECRET);
}

/* --- a mapped file that another process truncates --- */

enum { TRUNCATED = 256 << 10 };

static struct truncation {
	_Atomic uint64_t truncations, short_ones, refused, whole, signals;
	_Atomic bool over;
} * truncation;

static int memory_file;

/* Restores the memory, so that the interrupted copy can continue. */
static void on_sigbus(int number)
{
	int error = errno;

	(void)number;
	truncation->signals++;
	if (ftruncate(memory_file, TRUNCATED))
		_exit(3);
	errno = error;
}

static void truncate_repeatedly(void)
{
	struct rng rng = { mix64(scene.seed) };

	while (!truncation->over) {
		if (ftruncate(memory_file, (off_t)rng_between(&rng, 0, TRUNCATED / 2)) ||
		    ftruncate(memory_file, TRUNCATED))
			_exit(2);
		truncation->truncations++;
		for (size_t spin = rng_between(&rng, 0, 20000); spin > 0; spin--)
			atomic_load(&truncation->over);
	}
	_exit(0);
}

static void count_answer(ssize_t done, size_t len)
{
	if (done == (ssize_t)len)
		truncation->whole++;
	else if (done >= 0)
		truncation->short_ones++;
	else
		truncation->refused++;
}

static void write_truncated(double deadline)
{
	unsigned char *memory =
		mmap(NULL, TRUNCATED, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file, 0);
	const struct sigaction action = { .sa_handler = on_sigbus };
	struct place p = place_of("truncated");
	struct rng rng = { mix64(scene.seed + 1) };
	int fd = open_direct(p.path, O_TRUNC);

	if (memory == MAP_FAILED || sigaction(SIGBUS, &action, NULL))
		_exit(2);
	while (seconds_now() < deadline) {
		size_t len = rng_between(&rng, 1, TRUNCATED - 2);
		ssize_t done = put_bytes(fd, memory + 1, len, (off_t)rng_between(&rng, 0, 100));

		count_answer(done, len);
		checked(done >= 0 || errno == EFAULT, "write: %zd (%s)", done, strerror(errno));
	}
	check_direct_flag(fd, "at the end");
	_exit(0);
}

void mode_truncated(void)
{
	pid_t peer, writer;
	int status;

	truncation = shared_memory(sizeof(*truncation));
	memory_file = memfd_create("truncated", MFD_CLOEXEC);
	if (memory_file < 0 || ftruncate(memory_file, TRUNCATED))
		skipped("memfd_create is unavailable");
	fflush(stdout);
	peer = fork_child();
	if (!peer)
		truncate_repeatedly();
	writer = fork_child();
	if (!writer)
		write_truncated(seconds_now() + scene.seconds);
	waitpid(writer, &status, 0);
	truncation->over = true;
	checked(!status, "the writer failed: signal %d, wait status %#x", WTERMSIG(status),
		(unsigned)status);
	checked(waitpid(peer, &status, 0) == peer && !status, "the truncating process failed");
	exercised("truncations", truncation->truncations);
	exercised("writes cut short, refused, or interrupted by the handler",
		  truncation->short_ones + truncation->refused + truncation->signals);
	printf("  whole %llu, short %llu, EFAULT %llu, handler called %llu times\n",
	       (unsigned long long)truncation->whole, (unsigned long long)truncation->short_ones,
	       (unsigned long long)truncation->refused, (unsigned long long)truncation->signals);
	page_memory_free(truncation, sizeof(*truncation));
	close(memory_file);
}
