/*
 * kill -9 during a stream of misaligned writes: afterwards the file holds exactly a prefix of what
 * was sent, with no byte wrong, missing or added. See faults.h.
 */
#include "faults.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_RECORD ((size_t)300000)
#define MOST_STREAM ((size_t)64 << 20)

/* Bytes of the stream that were passed to write(), and bytes that it has reported as written. */
struct progress {
	volatile size_t sent;
	volatile size_t said;
};

/* Bytes after which the stream repeats itself: neither records nor blocks repeat with it. */
#define PERIOD ((size_t)1000003)

static unsigned char *stream;

static size_t record_length(size_t number, size_t most)
{
	return 1 + number * 2654435761u % most;
}

/* Writes records until the process is killed. */
static void send_stream(const char *path, int flags, size_t most, struct progress *p)
{
	int fd = open(path, O_WRONLY | O_DIRECT | flags);

	if (fd < 0)
		_exit(1);
	for (size_t n = 0; p->sent < MOST_STREAM; n++) {
		size_t len = record_length(n, most);
		size_t from = p->said % PERIOD;

		p->sent = p->said + len;
		if (write(fd, stream + from, len) != (ssize_t)len)
			_exit(2);
		p->said = p->sent;
	}
	for (;;)
		pause();
}

/* Kills the sender some time after its first write, which itself may take any time. */
static void kill_sender(pid_t child, unsigned round, const struct progress *p)
{
	const struct timespec delay = { 0, 2000000 + round * 7919 % 23 * 700000 };
	int status;

	for (int tries = 0; !p->said && tries < 10000; tries++)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	nanosleep(&delay, NULL);
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child)
		err(99, "waitpid");
	require(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Returns how many bytes the file has beyond those reported to the sender. */
static size_t require_prefix(const char *path, const struct progress *p)
{
	struct image now = image_of(path);

	require(now.size >= p->said);
	require(now.size <= p->sent);
	for (size_t n = 0; n < now.size; n += PERIOD)
		require(!memcmp(now.bytes + n, stream,
				now.size - n < PERIOD ? now.size - n : PERIOD));
	image_free(&now);
	return now.size - p->said;
}

/* Returns the number of rounds; DIOSHIM_TEST_ROUNDS can raise it for a longer run. */
static unsigned rounds(void)
{
	const char *text = getenv("DIOSHIM_TEST_ROUNDS");

	return text ? (unsigned)strtoul(text, NULL, 10) : 4;
}

/* Returns how many bytes the file has of the record that was not finished. */
static size_t kill_in_stream(int flags, size_t most, unsigned round, struct progress *p)
{
	char path[256];
	pid_t child;

	snprintf(path, sizeof(path), "%s", in_scene("stream"));
	make_file(path, 1, 0);
	p->sent = p->said = 0;
	child = fork();
	if (child < 0)
		err(99, "fork");
	if (!child)
		send_stream(path, flags, most, p);
	kill_sender(child, round, p);
	return require_prefix(path, p);
}

static void kill_again_and_again(const char *what, int flags, size_t most)
{
	struct progress *p =
		mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned torn = 0;
	size_t bytes = 0;

	if (p == MAP_FAILED)
		err(99, "mmap");
	for (unsigned round = 0; round < rounds(); round++) {
		in_case("%s, round %u", what, round);
		size_t more = kill_in_stream(flags, most, round, p);

		torn += more && more < p->sent - p->said;
		bytes += p->said;
	}
	/* If it was always killed before it had written anything, the test proves nothing. */
	require(bytes);
	print_message("# %s: %u of %u kills left a part of a record\n", what, torn, rounds());
	munmap(p, sizeof(*p));
}

static void killed_in_small_appends(void **state)
{
	(void)state;
	kill_again_and_again("small appends", O_APPEND, 9000);
}

static void killed_in_large_appends(void **state)
{
	(void)state;
	kill_again_and_again("large appends", O_APPEND, MOST_RECORD);
}

/*
 * Each of these is several writes of the kernel, in ascending order, where an append is a single
 * one.
 */
static void killed_in_a_sequence_of_writes(void **state)
{
	(void)state;
	kill_again_and_again("writes", 0, MOST_RECORD);
}

int kill_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_in_small_appends),
		cmocka_unit_test(killed_in_large_appends),
		cmocka_unit_test(killed_in_a_sequence_of_writes),
	};

	stream = malloc(PERIOD + MOST_RECORD);
	if (!stream)
		err(99, "malloc");
	for (size_t n = 0; n < PERIOD + MOST_RECORD; n++)
		stream[n] = (unsigned char)(n % PERIOD * 2654435761u >> 13);
	return cmocka_run_group_tests_name("faults kill", tests, NULL, NULL);
}
