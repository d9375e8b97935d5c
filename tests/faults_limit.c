/*
 * RLIMIT_FSIZE in each segment of a request: everything that a program can see is as on an ordinary
 * file, including SIGXFSZ, which comes only if nothing was written. See faults.h.
 */
#include "faults.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

struct answer {
	ssize_t ret;
	int error;
	int signals;
	off_t offset;
};

static void set_limit(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	if (setrlimit(RLIMIT_FSIZE, &limit))
		err(99, "RLIMIT_FSIZE");
}

static struct answer under_limit(rlim_t limit, int fd, const struct attempt *a, void *data,
				 ssize_t (*call)(int, const struct attempt *, void *))
{
	struct answer answer = { 0 };

	signals = 0;
	errno = 0;
	set_limit(limit);
	answer.ret = call(fd, a, data);
	answer.error = errno;
	set_limit(RLIM_INFINITY);
	answer.signals = signals;
	answer.offset = lseek(fd, 0, SEEK_CUR);
	return answer;
}

static void require_same_contents(const char *one, const char *other)
{
	struct image a = image_of(one);
	struct image b = image_of(other);

	require(a.size == b.size);
	require(!memcmp(a.bytes, b.bytes, a.size));
	image_free(&a);
	image_free(&b);
}

static void try_limit(const struct attempt *a, size_t size, rlim_t limit)
{
	char paths[2][256];
	struct answer ordinary;
	struct answer direct;
	struct image before;
	unsigned char *data;
	int fds[2];

	snprintf(paths[0], sizeof(paths[0]), "%s", in_scene("ordinary"));
	snprintf(paths[1], sizeof(paths[1]), "%s", in_scene("direct"));
	for (int i = 0; i < 2; i++) {
		make_file(paths[i], 1, size);
		fds[i] = open_for(paths[i], a, i ? O_DIRECT : 0);
	}
	before = image_of(paths[1]);
	data = bytes_of(2, a->len, a->shift);
	ordinary = under_limit(limit, fds[0], a, data, by_kernel);
	direct = under_limit(limit, fds[1], a, data, by_shim);
	require(direct.ret == ordinary.ret);
	require(direct.error == ordinary.error);
	require(direct.signals == ordinary.signals);
	require(direct.signals == (direct.ret < 0));
	require(direct.offset == ordinary.offset);
	require_same_contents(paths[0], paths[1]);
	require_completes(paths[1], fds[1], &before, a, data, direct.ret);
	close(fds[0]);
	close(fds[1]);
	image_free(&before);
}

/* Limits from before the request to beyond it, on its block boundaries and next to them. */
static const off_t limits[] = {
	0,
	1,
	BLOCK,
	BLOCK + 99,
	BLOCK + 100,
	BLOCK + 101,
	2 * BLOCK - 1,
	2 * BLOCK,
	2 * BLOCK + 1,
	2 * BLOCK + 512,
	4 * BLOCK,
	4 * BLOCK + 7,
	9 * BLOCK - 512,
	9 * BLOCK,
	9 * BLOCK + 1,
	9 * BLOCK + 99,
	9 * BLOCK + 100,
	9 * BLOCK + 101,
};

static void limit_in_each_segment(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(limits); i++)
		for (int k = 0; k < KINDS; k++) {
			struct attempt a = { (enum kind)k, false, BLOCK + 100, 8 * BLOCK,
					     k % 2 ? 100 : 1 };

			in_case("limit %lld, %s", (long long)limits[i], kind_name(a.kind));
			try_limit(&a, BLOCK, (rlim_t)limits[i]);
		}
}

/*
 * Length and offset are aligned. The buffer is misaligned in half of the cases; in the others only
 * the limit is.
 */
static void limit_in_whole_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(limits); i++)
		for (size_t shift = 0; shift < 2; shift++) {
			struct attempt a = { (enum kind)(i % KINDS), false, BLOCK, 8 * BLOCK,
					     shift };

			in_case("limit %lld, whole blocks, address + %zu", (long long)limits[i],
				shift);
			try_limit(&a, BLOCK, (rlim_t)limits[i]);
		}
}

static void limit_under_an_append(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(limits); i++)
		for (off_t odd = 0; odd <= 100; odd += 100) {
			struct attempt a = { (enum kind)(i % KINDS), true, BLOCK + odd, 8 * BLOCK,
					     1 };

			in_case("limit %lld, append at %lld", (long long)limits[i],
				(long long)a.pos);
			try_limit(&a, (size_t)a.pos, (rlim_t)limits[i]);
		}
}

/*
 * The limit applies to what is written, not to the size of the file: also within a file that is
 * longer.
 */
static void limit_within_a_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		struct attempt a = { (enum kind)(i % KINDS), false, BLOCK + 100, 8 * BLOCK, 1 };

		in_case("limit %lld, within a file", (long long)limits[i]);
		try_limit(&a, 20 * BLOCK, (rlim_t)limits[i]);
	}
}

/* The signal must stay pending if the program blocks it. */
static void signal_mask_is_kept(void **state)
{
	struct attempt a = { BY_PWRITE, false, BLOCK + 100, 8 * BLOCK, 1 };
	struct answer answer;
	sigset_t xfsz;
	sigset_t pending;
	int fd;

	(void)state;
	in_case("blocked SIGXFSZ");
	make_file(in_scene("direct"), 1, BLOCK);
	fd = open_for(in_scene("direct"), &a, O_DIRECT);
	sigemptyset(&xfsz);
	sigaddset(&xfsz, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &xfsz, NULL);
	answer = under_limit(BLOCK, fd, &a, bytes_of(2, a.len, 1), by_shim);
	sigpending(&pending);
	require(answer.ret == -1 && answer.error == EFBIG && !answer.signals);
	require(sigismember(&pending, SIGXFSZ) == 1);
	sigprocmask(SIG_UNBLOCK, &xfsz, NULL);
	require(signals == 1);
	close(fd);
}

int limit_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit_in_each_segment), cmocka_unit_test(limit_in_whole_blocks),
		cmocka_unit_test(limit_under_an_append), cmocka_unit_test(limit_within_a_file),
		cmocka_unit_test(signal_mask_is_kept),
	};

	on_device = false;
	signal(SIGXFSZ, count_signal);
	return cmocka_run_group_tests_name("faults limit", tests, NULL, NULL);
}
