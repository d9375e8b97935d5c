/*
 * A buffer whose pages are provided by a thread of the program (userfaultfd(2)), or made writable by
 * it, which itself writes to a direct descriptor before it does so. neighbours.bats allows a single bounce
 * buffer. A call that holds it must not wait for a page, or both threads would deadlock.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "neighbours.h"
#include "raw.h"

enum { PAGE = 4096, SERVED = 96 << 10 };

static struct {
	int faults;    /* the userfaultfd */
	bool protects; /* pages can also be write-protected (Linux 5.7) */
	unsigned char *memory;
	int fd, servers_fd;
	_Atomic uint64_t served;
} game;

static bool open_faults(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };

	game.faults = (int)raw_syscall(SYS_userfaultfd, O_CLOEXEC);
	if (game.faults < 0)
		skipped("userfaultfd is unavailable");
	if (!ioctl(game.faults, UFFDIO_API, &api))
		return true;
	close(game.faults);
	return false;
}

static void register_memory(void)
{
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	game.protects = open_faults(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	if (!game.protects && !open_faults(0))
		skipped("userfaultfd is unavailable");
	if (game.protects)
		range.mode |= UFFDIO_REGISTER_MODE_WP;
	game.memory = page_memory(SERVED);
	range.range.start = (uintptr_t)game.memory;
	range.range.len = SERVED;
	if (ioctl(game.faults, UFFDIO_REGISTER, &range))
		skipped("UFFDIO_REGISTER failed");
}

/* Protects pages, or makes them writable again. */
static void protect(const void *start, size_t len, bool on)
{
	struct uffdio_writeprotect change = { .range = { (uintptr_t)start, len },
					      .mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0 };

	if (ioctl(game.faults, UFFDIO_WRITEPROTECT, &change))
		die("UFFDIO_WRITEPROTECT: %s", strerror(errno));
}

static void serve_page(uintptr_t address, bool protected)
{
	static unsigned char page[PAGE] __attribute__((aligned(PAGE)));
	static unsigned char own[20002];
	struct uffdio_copy copy = { .dst = address / PAGE * PAGE,
				    .src = (uintptr_t)page,
				    .len = PAGE };

	/* The program does misaligned I/O to provide a page. */
	checked(put_bytes(game.servers_fd, own + 1, 20001, 777) == 20001, "the server's write: %s",
		strerror(errno));
	checked(get_bytes(game.servers_fd, own + 1, 9001, 5) == 9001, "the server's read: %s",
		strerror(errno));
	game.served++;
	if (protected) {
		protect((const void *)copy.dst, PAGE, false);
		return;
	}
	memset(page, (int)((address - (uintptr_t)game.memory) / PAGE + 1), PAGE);
	if (ioctl(game.faults, UFFDIO_COPY, &copy) && errno != EEXIST)
		die("UFFDIO_COPY: %s", strerror(errno));
}

static void *server_main(void *unused)
{
	struct uffd_msg message;

	while (read(game.faults, &message, sizeof(message)) == sizeof(message)) {
		if (message.event != UFFD_EVENT_PAGEFAULT)
			die("event %#x", message.event);
		serve_page((uintptr_t)message.arg.pagefault.address,
			   message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
	}
	(void)unused;
	return NULL;
}

static void forget_pages(void)
{
	madvise(game.memory, SERVED, MADV_DONTNEED);
}

static void check_written(size_t misalign, size_t len, off_t pos)
{
	static unsigned char back[SERVED];
	bool same = get_bytes(game.fd, back, len, pos) == (ssize_t)len;

	for (size_t i = 0; i < len && same; i++)
		same = back[i] == (unsigned char)((misalign + i) / PAGE + 1);
	checked(same, "the file does not hold the %zu served bytes", len);
}

static void move_served(struct rng *rng)
{
	size_t misalign = rng_between(rng, 1, PAGE);
	size_t len = rng_between(rng, 1, rng_one_in(rng, 2) ? 9000 : SERVED - PAGE);
	off_t pos = (off_t)rng_between(rng, 0, 10000);
	ssize_t done;

	forget_pages();
	done = put_bytes(game.fd, game.memory + misalign, len, pos);
	if (checked(done == (ssize_t)len, "write of %zu served bytes: %zd (%s)", len, done,
		    strerror(errno)))
		check_written(misalign, len, pos);
	if (game.protects && rng_one_in(rng, 2))
		protect(game.memory, SERVED, true);
	else
		forget_pages();
	done = get_bytes(game.fd, game.memory + misalign, len, pos);
	checked(done == (ssize_t)len, "read of %zu bytes to served memory: %zd (%s)", len, done,
		strerror(errno));
}

/* Returns how many pages of the file are in the page cache. */
static size_t pages_cached(size_t len)
{
	unsigned char resident[SERVED / PAGE];
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, game.fd, 0);
	size_t count = 0;

	if (map == MAP_FAILED || mincore(map, len, resident))
		die("mincore: %s", strerror(errno));
	munmap(map, len);
	for (size_t i = 0; i < len / PAGE; i++)
		count += resident[i] & 1;
	return count;
}

/* Memory that has to be supplied first is no reason to read through the page cache. */
static void check_reads_directly(void)
{
	fdatasync(game.fd);
	posix_fadvise(game.fd, 0, 0, POSIX_FADV_DONTNEED);
	if (scene.ordinary || pages_cached(SERVED))
		return;
	for (size_t len = 700; len < SERVED - PAGE; len += 20000) {
		forget_pages();
		checked(get_bytes(game.fd, game.memory + 1, len, 3) == (ssize_t)len,
			"read of %zu bytes: %s", len, strerror(errno));
		checked(!pages_cached(SERVED), "a read of %zu bytes used the page cache", len);
	}
}

void mode_served(void)
{
	double deadline = seconds_now() + scene.seconds;
	struct place mine = place_of("served"), servers = place_of("server");
	struct rng rng = { mix64(scene.seed) };
	unsigned char *zeros = page_memory(SERVED);
	pthread_t server;

	register_memory();
	prepare_file(mine.path, zeros, SERVED);
	prepare_file(servers.path, zeros, SERVED);
	game.fd = open_direct(mine.path, 0);
	game.servers_fd = open_direct(servers.path, 0);
	if (pthread_create(&server, NULL, server_main, NULL))
		die("pthread_create failed");
	do
		move_served(&rng);
	while (seconds_now() < deadline);
	check_reads_directly();
	check_direct_flag(game.fd, "at the end");
	check_fsync(mine.path);
	check_fsync(servers.path);
	exercised("pages served", game.served);
	page_memory_free(zeros, SERVED);
}
