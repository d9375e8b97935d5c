/* The main function, and helpers of the tests. See signals.h. */
#include "signals.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

unsigned scale = 1;

static const char *place;
static bool block_device;

bool on_block_device(void)
{
	return block_device;
}

struct spot spot_open(int number)
{
	char path[PATH_MAX];
	struct spot s = { .base = block_device ? (off_t)(number % SPOTS) * SPOT_SIZE : 0 };

	snprintf(path, sizeof(path), block_device ? "%s" : "%s/spot.%d", place, number);
	s.fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC | (block_device ? 0 : O_CREAT), 0600);
	if (s.fd < 0)
		die("%s: %s", path, strerror(errno));
	return s;
}

void spot_close(struct spot s)
{
	close(s.fd);
}

bool still_direct(struct spot s)
{
	return fcntl(s.fd, F_GETFL) & O_DIRECT;
}

static unsigned char byte_of(unsigned seed, size_t n)
{
	return (unsigned char)(seed * 31 + n * 7 + n / 256);
}

/* Returns the first odd address in the buffer. */
static unsigned char *odd(unsigned char *buffer)
{
	return (unsigned char *)((uintptr_t)buffer | 1);
}

bool puts_data(struct spot s, off_t at, unsigned seed, size_t len, unsigned char *buffer)
{
	unsigned char *bytes = odd(buffer);

	for (size_t n = 0; n < len; n++)
		bytes[n] = byte_of(seed, n);
	return pwrite(s.fd, bytes, len, s.base + at) == (ssize_t)len;
}

bool holds_data(struct spot s, off_t at, unsigned seed, size_t len, unsigned char *buffer)
{
	unsigned char *bytes = odd(buffer);

	memset(bytes, 0, len);
	if (pread(s.fd, bytes, len, s.base + at) != (ssize_t)len)
		return false;
	for (size_t n = 0; n < len; n++)
		if (bytes[n] != byte_of(seed, n))
			return false;
	return true;
}

bool moves_data(struct spot s, off_t at, unsigned seed, size_t len)
{
	unsigned char small[2050];
	unsigned char *buffer = len < 2048 ? small : page_memory(LONGEST + 2);
	bool ok = puts_data(s, at, seed, len, buffer) && holds_data(s, at, seed, len, buffer);

	/* malloc() is not async-signal-safe. */
	if (buffer != small)
		page_memory_free(buffer, LONGEST + 2);
	return ok;
}

bool all_old_or_all_new(struct spot s, off_t at, size_t len, unsigned char a, unsigned char b)
{
	unsigned char *buffer = page_memory(LONGEST + 2);
	unsigned char *bytes = odd(buffer);
	bool ok = pread(s.fd, bytes, len, s.base + at) == (ssize_t)len &&
		  (bytes[0] == a || bytes[0] == b) && !memcmp(bytes, bytes + 1, len - 1);

	page_memory_free(buffer, LONGEST + 2);
	return ok;
}

struct visitor {
	pthread_t thread;
	pthread_barrier_t *all_here;
	int number, rounds;
};

static void *visitor_main(void *visitor)
{
	struct visitor *v = visitor;
	struct spot s = spot_open(100 + v->number);
	/* On a device two threads may have the same spot. Then each uses one half. */
	off_t at = v->number < SPOTS ? 0 : SPOT_SIZE / 2;

	for (int i = 0; i < v->rounds; i++) {
		unsigned seed = (unsigned)(v->number * 100 + i);

		pthread_barrier_wait(v->all_here);
		must(moves_data(s, at + 3, seed, 100001));
		must(moves_data(s, at + 200003, seed, 333));
	}
	must(still_direct(s));
	spot_close(s);
	return NULL;
}

void crowd(int rounds)
{
	enum { CROWD = 64 };
	struct visitor visitors[CROWD];
	pthread_barrier_t all_here;

	pthread_barrier_init(&all_here, NULL, CROWD);
	for (int i = 0; i < CROWD; i++) {
		visitors[i] = (struct visitor){ 0, &all_here, i, rounds };
		must(!pthread_create(&visitors[i].thread, NULL, visitor_main, &visitors[i]));
	}
	for (int i = 0; i < CROWD; i++)
		pthread_join(visitors[i].thread, NULL);
	pthread_barrier_destroy(&all_here);
}

/* An offset that crowd() does not use, so that a child's crowd cannot overlap on a device. */
enum { BUSTLE_AT = SPOT_SIZE / 2 + 250000 };

static void *bustle_main(void *bustle)
{
	struct bustle *b = bustle;
	struct spot s = spot_open(atomic_fetch_add(&b->next_spot, 1));
	unsigned seed = 0;

	while (!atomic_load(&b->over)) {
		must(moves_data(s, BUSTLE_AT + 5, seed, 70001));
		must(moves_data(s, BUSTLE_AT + 100007, seed++, 999));
	}
	must(still_direct(s));
	spot_close(s);
	return NULL;
}

void bustle_start(struct bustle *b, int count, int first_spot)
{
	*b = (struct bustle){ .count = count, .next_spot = first_spot };
	for (int i = 0; i < count; i++)
		must(!pthread_create(&b->threads[i], NULL, bustle_main, b));
}

void bustle_stop(struct bustle *b)
{
	b->over = true;
	for (int i = 0; i < b->count; i++)
		pthread_join(b->threads[i], NULL);
}

static _Atomic unsigned storms_handled;

void storm_handled(void)
{
	storms_handled++;
}

static void *storm_main(void *storm)
{
	struct storm *s = storm;
	struct rng rng = { 1 };

	while (!atomic_load(&s->over)) {
		unsigned before = storms_handled;

		must(!raw_syscall(SYS_tgkill, getpid(), s->target, s->signal));
		do
			usleep((useconds_t)rng_between(&rng, 1, 150));
		while (storms_handled == before && !atomic_load(&s->over));
	}
	return NULL;
}

void storm_start(struct storm *s, int signal)
{
	*s = (struct storm){ .target = (pid_t)raw_syscall(SYS_gettid), .signal = signal };
	must(!pthread_create(&s->thread, NULL, storm_main, s));
}

void storm_stop(struct storm *s)
{
	s->over = true;
	pthread_join(s->thread, NULL);
}

/* Kills children when the test fails, or is killed because it hangs. */
static void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int run_all(const char *only)
{
	const struct suite *suites[] = { &handlers_suite, &processes_suite, &threads_suite,
					 &flags_suite };

	return run_suites("signals", suites, sizeof(suites) / sizeof(suites[0]), only);
}

int main(int argc, char **argv)
{
	struct stat st;
	int arg = 1;

	if (argc > 2 && !strcmp(argv[1], "--scale")) {
		scale = (unsigned)atoi(argv[2]);
		arg = 3;
	}
	if (argc <= arg || stat(argv[arg], &st) || !scale)
		die("usage: signals [--scale N] DIRECTORY|DEVICE [TEST]");
	place = argv[arg];
	block_device = S_ISBLK(st.st_mode);
	must(!pthread_atfork(NULL, NULL, die_with_parent));
	return run_all(argv[arg + 1]);
}
