/*
 * POSIX asynchronous I/O on direct descriptors, compared with the same on ordinary ones.
 *
 * posix_aio.bats starts this under the shim; DIOSHIM_TEST_DIR is a directory.
 */
/* cmocka.h needs the first four. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <aio.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"

enum { SIZE = 100001, ROOM = 1 << 18, TOLD = 77 };

static unsigned char memory[ROOM + 4096] __attribute__((aligned(4096)));

static unsigned char byte_of(unsigned seed, size_t n)
{
	return (unsigned char)(seed * 41 + n * 7 + n / 253);
}

static const char *path_of(const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", getenv("DIOSHIM_TEST_DIR"), name);
	return path;
}

static void fill(unsigned char *to, unsigned seed, size_t len)
{
	for (size_t n = 0; n < len; n++)
		to[n] = byte_of(seed, n);
}

static int new_file(const char *name, size_t size, int flags)
{
	int fd = open(path_of(name), O_RDWR | O_CREAT | O_TRUNC, 0600);

	fill(memory, 1, size);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, memory, size), size);
	close(fd);
	fd = open(path_of(name), flags);
	assert_true(fd >= 0);
	return fd;
}

static unsigned char *contents(const char *name, size_t *size)
{
	static unsigned char bytes[ROOM * 2];
	int fd = open(path_of(name), O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	assert_true(n >= 0);
	close(fd);
	*size = (size_t)n;
	return bytes;
}

static void wait_for(struct aiocb *cb)
{
	const struct aiocb *const list[] = { cb };

	while (aio_error(cb) == EINPROGRESS)
		assert_int_equal(aio_suspend(list, 1, NULL), 0);
}

/* The program is told once, after the request is complete. */

static atomic_int told, told_too_early;

static void tell(union sigval value)
{
	if (aio_error(value.sival_ptr) == EINPROGRESS)
		told_too_early++;
	told++;
}

static void tell_by_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	if (info->si_code == SI_ASYNCIO)
		tell(info->si_value);
}

static struct sigevent event_of(int notify, void *value)
{
	struct sigaction action = { .sa_sigaction = tell_by_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigevent event = { .sigev_notify = notify };

	sigaction(SIGRTMIN, &action, NULL);
	event.sigev_value.sival_ptr = value;
	event.sigev_signo = SIGRTMIN;
	if (notify == SIGEV_THREAD)
		event.sigev_notify_function = tell;
	told = 0;
	told_too_early = 0;
	return event;
}

static void is_told(int times)
{
	for (int i = 0; i < 2000 && told < times; i++)
		usleep(1000);
	usleep(2000);
	assert_int_equal(told, times);
	assert_int_equal(told_too_early, 0);
}

/* One request on both kinds of descriptors */

static const struct {
	size_t shift, len;
	off_t pos;
} requests[] = { { 0, 8192, 4096 }, { 1, 8192, 4096 },	   { 0, 5000, 4096 }, { 3, 20001, 77 },
		 { 0, 4096, 100 },  { 0, 9000, 95000 },	   { 5, 100, SIZE },  { 0, 4096, 200000 },
		 { 0, 0, 5 },	    { 7, 100000, 150001 }, { 0, 100, -5 } };

struct outcome {
	int submitted, error;
	ssize_t ret;
	size_t size;
	unsigned char got[ROOM], bytes[ROOM * 2];
};

static void try_one(size_t i, bool writes, int notify, bool twin, int flags, struct outcome *o)
{
	int fd = new_file("file", SIZE, O_RDWR | flags);
	struct aiocb cb = {
		.aio_fildes = fd,
		.aio_buf = memory + requests[i].shift,
		.aio_nbytes = requests[i].len,
		.aio_offset = requests[i].pos,
		.aio_sigevent = event_of(notify, &cb),
	};
	const unsigned char *bytes;

	memset(o, 0, sizeof(*o));
	fill(memory, 2, sizeof(memory));
	if (twin)
		o->submitted = writes ? aio_write64((struct aiocb64 *)&cb)
				      : aio_read64((struct aiocb64 *)&cb);
	else
		o->submitted = writes ? aio_write(&cb) : aio_read(&cb);
	wait_for(&cb);
	if (notify != SIGEV_NONE)
		is_told(1);
	o->error = aio_error(&cb);
	o->ret = aio_return(&cb);
	assert_int_equal(aio_cancel(fd, &cb), AIO_ALLDONE);
	memcpy(o->got, memory, ROOM);
	bytes = contents("file", &o->size);
	memcpy(o->bytes, bytes, o->size);
	close(fd);
}

static void answers_as_an_ordinary_file_does(void **state)
{
	static const int notify[] = { SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD };
	static struct outcome wanted, got;

	(void)state;
	for (size_t n = 0; n < 2 * sizeof(requests) / sizeof(requests[0]); n++)
		for (int how = 0; how < 2; how++) {
			bool writes = n % 2;

			try_one(n / 2, writes, SIGEV_NONE, false, 0, &wanted);
			try_one(n / 2, writes, notify[(n + (size_t)how) % 3], how, O_DIRECT, &got);
			if (memcmp(&got, &wanted, sizeof(got)))
				fail_msg("request %zu, write %d: %d %d %zd, size %zu; not %d %d "
					 "%zd, %zu",
					 n / 2, writes, got.submitted, got.error, got.ret, got.size,
					 wanted.submitted, wanted.error, wanted.ret, wanted.size);
		}
}

static void errors_are_those_of_an_ordinary_file(void **state)
{
	int error[2], returned[2];

	(void)state;
	for (int how = 0; how < 3; how++) {
		for (int n = 0; n < 2; n++) {
			int fd = new_file("file", SIZE,
					  (how == 1 ? O_WRONLY : O_RDWR) | (n ? O_DIRECT : 0));
			struct aiocb cb = {
				.aio_fildes = fd,
				.aio_buf = how ? memory : (void *)8,
				.aio_nbytes = 1000,
				.aio_reqprio = how == 2 ? -1 : 0,
				.aio_sigevent.sigev_notify = SIGEV_NONE,
			};

			aio_read(&cb);
			wait_for(&cb);
			error[n] = aio_error(&cb);
			returned[n] = (int)aio_return(&cb);
			close(fd);
		}
		assert_int_equal(error[1], error[0]);
		assert_int_equal(returned[1], returned[0]);
		assert_true(error[0]);
	}
}

/* Appended in the order of the calls, whether aligned or not. */
static void appends_keep_their_order(void **state)
{
	enum { COUNT = 40 };
	static const size_t sizes[] = { 4096, 100, 8192, 1, 4096, 4096, 4095 };
	static struct aiocb cb[COUNT];
	int fd = new_file("file", 0, O_RDWR | O_APPEND | O_DIRECT);
	size_t at = 0, size;
	const unsigned char *bytes;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		cb[i] = (struct aiocb){ .aio_fildes = fd,
					.aio_buf = memory + (i % 8) * 8192,
					.aio_nbytes = sizes[i % 7],
					.aio_sigevent.sigev_notify = SIGEV_NONE };
		if (i >= 8)
			wait_for(&cb[i - 8]);
		memset(memory + (i % 8) * 8192, i, 8192);
		assert_int_equal(aio_write(&cb[i]), 0);
	}
	for (int i = 0; i < COUNT; i++) {
		wait_for(&cb[i]);
		assert_int_equal(aio_return(&cb[i]), sizes[i % 7]);
	}
	bytes = contents("file", &size);
	for (int i = 0; i < COUNT; i++)
		for (size_t n = 0; n < sizes[i % 7]; n++)
			assert_int_equal(bytes[at++], i);
	assert_int_equal(at, size);
	close(fd);
}

/* Lists: requests that are refused, others, and what is no request, in one. */

enum { LIST = 150, LEN = 1000 };

static struct aiocb blocks[LIST];

static void tell_of_list(union sigval value)
{
	(void)value;
	for (int i = 0; i < LIST; i++)
		if (aio_error(&blocks[i]) == EINPROGRESS)
			told_too_early++;
	told++;
}

static void make_list(struct aiocb *list[], int direct, int ordinary)
{
	for (int i = 0; i < LIST; i++) {
		int kind = i % 5;
		size_t len = kind == 1 ? 4096 : LEN;

		fill(memory + i * 1024, 3 + (unsigned)i, 1024);
		blocks[i] = (struct aiocb){
			.aio_fildes = kind == 2 ? ordinary : direct,
			.aio_buf = kind == 1 ? memory + ROOM : memory + i * 1024,
			.aio_nbytes = len,
			.aio_offset = kind == 1 ? 0 : i * LEN,
			.aio_lio_opcode = kind == 3   ? LIO_NOP
					  : kind == 1 ? LIO_READ
						      : LIO_WRITE,
			.aio_sigevent.sigev_notify = SIGEV_NONE,
		};
		list[i] = kind == 4 ? NULL : &blocks[i];
	}
}

static void check_list(void)
{
	size_t size;
	const unsigned char *bytes = contents("file", &size);

	for (int i = 0; i < LIST; i++) {
		if (i % 5 > 2)
			continue;
		assert_int_equal(aio_error(&blocks[i]), 0);
		assert_int_equal(aio_return(&blocks[i]), i % 5 == 1 ? 4096 : LEN);
		for (size_t n = 0; i % 5 != 1 && n < LEN; n++)
			assert_int_equal(bytes[(size_t)i * LEN + n], byte_of(3 + (unsigned)i, n));
	}
}

static void lists_are_complete(void **state)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD,
				  .sigev_notify_function = tell_of_list };
	struct aiocb *list[LIST];
	int ordinary, direct;

	(void)state;
	for (int n = 0; n < 3; n++) {
		direct = new_file("file", 4096, O_RDWR | O_DIRECT);
		ordinary = open(path_of("file"), O_RDWR);
		make_list(list, direct, ordinary);
		told = told_too_early = 0;
		if (n == 1)
			assert_int_equal(
				lio_listio64(LIO_WAIT, (struct aiocb64 **)list, LIST, NULL), 0);
		else
			assert_int_equal(lio_listio(n ? LIO_NOWAIT : LIO_WAIT, list, LIST,
						    n ? &event : NULL),
					 0);
		if (n == 2)
			is_told(1);
		check_list();
		close(direct);
		close(ordinary);
	}
}

static void a_list_reports_what_failed(void **state)
{
	int fd = new_file("file", SIZE, O_RDWR | O_DIRECT);
	struct aiocb good = { .aio_fildes = fd,
			      .aio_buf = memory,
			      .aio_nbytes = 100,
			      .aio_lio_opcode = LIO_READ,
			      .aio_sigevent.sigev_notify = SIGEV_NONE };
	struct aiocb bad = good;
	struct aiocb *list[] = { &bad, &good };

	(void)state;
	bad.aio_buf = (void *)8;
	errno = 0;
	assert_int_equal(lio_listio(LIO_WAIT, list, 2, NULL), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(aio_error(&bad), EFAULT);
	assert_int_equal(aio_return(&good), 100);
	close(fd);
}

static void fsync_comes_after(void **state)
{
	int fd = new_file("file", SIZE, O_RDWR | O_DIRECT);
	struct aiocb cb = { .aio_fildes = fd,
			    .aio_buf = memory,
			    .aio_nbytes = 777,
			    .aio_sigevent.sigev_notify = SIGEV_NONE };
	struct aiocb sync = cb;

	(void)state;
	assert_int_equal(aio_write(&cb), 0);
	assert_int_equal(aio_fsync(O_SYNC, &sync), 0);
	wait_for(&sync);
	assert_int_equal(aio_error(&cb), 0);
	assert_int_equal(aio_return(&sync), 0);
	close(fd);
}

/* A descriptor that the shim did not see being opened. */
static void unseen_descriptors_work(void **state)
{
	int seen = new_file("file", SIZE, O_RDWR);
	int fd = (int)raw_syscall(SYS_openat, AT_FDCWD, path_of("file"), O_RDWR | O_DIRECT, 0);
	struct aiocb cb = { .aio_fildes = fd,
			    .aio_buf = memory + 1,
			    .aio_nbytes = 777,
			    .aio_offset = 3,
			    .aio_sigevent.sigev_notify = SIGEV_NONE };

	(void)state;
	errno = TOLD;
	assert_int_equal(aio_read(&cb), 0);
	assert_int_equal(errno, TOLD);
	wait_for(&cb);
	assert_int_equal(aio_return(&cb), 777);
	for (size_t n = 0; n < 777; n++)
		assert_int_equal(memory[n + 1], byte_of(1, n + 3));
	raw_syscall(SYS_close, fd);
	close(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_an_ordinary_file_does),
		cmocka_unit_test(errors_are_those_of_an_ordinary_file),
		cmocka_unit_test(appends_keep_their_order),
		cmocka_unit_test(lists_are_complete),
		cmocka_unit_test(a_list_reports_what_failed),
		cmocka_unit_test(fsync_comes_after),
		cmocka_unit_test(unseen_descriptors_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
