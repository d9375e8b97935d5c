/* Between a direct file and a pipe: splice(2), and sendfile(2) to a pipe. */
#include "copies.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

/* What a call has done, and what is in the pipe after it. */
struct outcome {
	ssize_t ret;
	int error;
	off_t given, offset;
	size_t in_pipe, size;
	unsigned char bytes[ROOM]; /* of the pipe, and of the file after them */
};

static void drain(int fd, struct outcome *o)
{
	int there = 0;

	assert_int_equal(ioctl(fd, FIONREAD, &there), 0);
	o->in_pipe = (size_t)there;
	for (size_t got = 0; got < o->in_pipe;)
		got += (size_t)read(fd, o->bytes + got, o->in_pipe - got);
}

static void same(const struct outcome *got, const struct outcome *wanted, const char *what, int n)
{
	if (got->ret != wanted->ret || got->error != wanted->error || got->given != wanted->given ||
	    got->offset != wanted->offset || got->in_pipe != wanted->in_pipe ||
	    got->size != wanted->size)
		fail_msg("%s %d: %zd errno %d, %ld %ld, %zu in the pipe, size %zu; not %zd %d, %ld "
			 "%ld, %zu, %zu",
			 what, n, got->ret, got->error, (long)got->given, (long)got->offset,
			 got->in_pipe, got->size, wanted->ret, wanted->error, (long)wanted->given,
			 (long)wanted->offset, wanted->in_pipe, wanted->size);
	if (memcmp(got->bytes, wanted->bytes, got->in_pipe + got->size))
		fail_msg("%s %d: other bytes", what, n);
}

enum { SENDFILE = 1, GIVEN = 2, BY_NUMBER = 4 };

static const struct {
	off_t pos;
	size_t len;
} reads[] = { { 0, 8192 },	 { 0, 5000 }, { 100, 4096 },   { 100, ROOM },	 { 4096, ROOM },
	      { 140001, 20000 }, { 16, 1 },   { IN_SIZE, 10 }, { 5, 65536 - 5 }, { 149000, ROOM } };

static ssize_t give(int how, int in, off_t *pos, int pipe, size_t len)
{
	if (how & SENDFILE)
		return how & BY_NUMBER ? syscall(SYS_sendfile, pipe, in, pos, len)
				       : sendfile(pipe, in, pos, len);
	return how & BY_NUMBER ? syscall(SYS_splice, in, pos, pipe, NULL, len, 0)
			       : splice(in, pos, pipe, NULL, len, 0);
}

static void try_to_pipe(size_t i, int how, int flags, struct outcome *o)
{
	int in = file_with("in", 1, IN_SIZE, O_RDONLY | flags);
	int ends[2];

	memset(o, 0, sizeof(*o));
	assert_int_equal(pipe(ends), 0);
	o->given = reads[i].pos;
	if (!(how & GIVEN))
		lseek(in, reads[i].pos, SEEK_SET);
	errno = 77;
	o->ret = give(how, in, how & GIVEN ? &o->given : NULL, ends[1], reads[i].len);
	o->error = errno;
	o->offset = lseek(in, 0, SEEK_CUR);
	drain(ends[0], o);
	close(ends[0]);
	close(ends[1]);
	close(in);
}

/* The counts are the kernel's, too: as many pages as a pipe takes. */
static void a_file_goes_into_a_pipe(void **state)
{
	static struct outcome wanted, got;

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
		for (int how = 0; how < 8; how++) {
			try_to_pipe(i, how, 0, &wanted);
			try_to_pipe(i, how, O_DIRECT, &got);
			/* A direct read that the kernel accepts fills each page of the pipe. */
			if (getenv("DIOSHIM_TEST_CACHED") && got.ret > wanted.ret)
				continue;
			same(&got, &wanted, "to a pipe", (int)i * 10 + how);
		}
}

/* In pieces of these sizes, each in pages of its own. */
static const struct {
	off_t pos;
	size_t len; /* asked for */
	size_t pieces[16];
	size_t limit; /* RLIMIT_FSIZE */
} writes[] = {
	{ 0, 8192, { 4096, 4096 }, 0 },	    { 0, 8192, { 3000, 3000, 3000 }, 0 },
	{ 0, 5000, { 8192 }, 0 },	    { 100, ROOM, { 4096, 4096, 4096 }, 0 },
	{ 4096, ROOM, { 20000, 17 }, 0 },   { 30000, 9001, { 4096, 4096, 1000, 1 }, 0 },
	{ 12345, ROOM, { 60000 }, 0 },	    { 5, 1, { 3, 3, 3 }, 0 },
	{ 70001, ROOM, { 4096, 100 }, 0 },  { 100, ROOM, { 20000, 17 }, 8192 },
	{ 100, ROOM, { 20000, 17 }, 8000 }, { 4096, ROOM, { 8192 }, 4096 },
};

static void fill_pipe(int fd, const size_t *pieces)
{
	const unsigned char *from = bytes_of(3);

	for (size_t i = 0; i < 16 && pieces[i]; i++) {
		assert_int_equal(write(fd, from, pieces[i]), pieces[i]);
		from += pieces[i];
	}
}

static void limit_size(size_t bytes)
{
	const struct rlimit limit = { bytes ? bytes : RLIM_INFINITY, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void try_from_pipe(const char *name, size_t i, int how, int flags, struct outcome *o)
{
	int out = file_with(name, 2, 80000, O_RDWR | flags);
	int ends[2];
	const unsigned char *bytes;

	memset(o, 0, sizeof(*o));
	assert_int_equal(pipe(ends), 0);
	fill_pipe(ends[1], writes[i].pieces);
	o->given = writes[i].pos;
	lseek(out, how & GIVEN ? 11 : writes[i].pos, SEEK_SET);
	limit_size(writes[i].limit);
	errno = 77;
	o->ret = how & BY_NUMBER ? syscall(SYS_splice, ends[0], NULL, out,
					   how & GIVEN ? &o->given : NULL, writes[i].len, 0)
				 : splice(ends[0], NULL, out, how & GIVEN ? &o->given : NULL,
					  writes[i].len, 0);
	o->error = errno;
	limit_size(0);
	o->offset = lseek(out, 0, SEEK_CUR);
	drain(ends[0], o);
	bytes = contents(name, 0, &o->size);
	if (o->size > ROOM / 2)
		o->size = ROOM / 2;
	memcpy(o->bytes + o->in_pipe, bytes, o->size);
	close(ends[0]);
	close(ends[1]);
	close(out);
}

static void pipe_into(const char *name)
{
	static struct outcome wanted, got;

	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		for (int how = 0; how < 8; how += 2) {
			try_from_pipe(name, i, how, 0, &wanted);
			try_from_pipe(name, i, how, O_DIRECT, &got);
			same(&got, &wanted, "from a pipe", (int)i * 10 + how);
		}
}

/* What is not written stays in the pipe. */
static void a_pipe_goes_into_a_file(void **state)
{
	(void)state;
	pipe_into("out");
}

/* Pages of the pipe that are whole blocks are written as they are; only the last bytes are buffered. */
static void whole_pages_of_a_pipe_are_direct(void **state)
{
	int out = file_with("out", 2, 0, O_RDWR | O_DIRECT);
	off_t pos = 4096;
	int ends[2];

	(void)state;
	if (getenv("DIOSHIM_TEST_CACHED"))
		skip();
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes_of(1), 65536), 65536);
	assert_int_equal(splice(ends[0], NULL, out, &pos, 65000, 0), 65000);
	assert_in_range(cached_pages("out"), 0, 1);
	assert_true(file_holds("out", 4096, bytes_of(1), 65000));
	close(ends[0]);
	close(ends[1]);
	close(out);
}

static void a_pipe_goes_into_a_device(void **state)
{
	(void)state;
	pipe_into("device");
}

/* Empty, full and broken pipes */

static void pipes_that_do_not_wait(void **state)
{
	int file = file_with("in", 1, IN_SIZE, O_RDWR | O_DIRECT);
	int ends[2];
	off_t pos = 5;
	ssize_t n, all = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	errno = 0;
	assert_int_equal(splice(ends[0], NULL, file, &pos, 100, SPLICE_F_NONBLOCK), -1);
	assert_int_equal(errno, EAGAIN);
	while (n = splice(file, &pos, ends[1], NULL, 10001, SPLICE_F_NONBLOCK), n > 0)
		all += n;
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(pos, 5 + all);
	assert_in_range(all, 40000, 65536);
	close(ends[1]);
	for (ssize_t got = 0; got < all; got += n)
		assert_true((n = splice(ends[0], NULL, file, &pos, 777, 0)) > 0);
	assert_int_equal(splice(ends[0], NULL, file, &pos, 777, 0), 0);
	assert_true(file_holds("in", 5 + all, bytes_of(1) + 5, (size_t)all));
	close(ends[0]);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	errno = 0;
	assert_int_equal(sendfile(ends[1], file, NULL, 100), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
	close(file);
}

struct other {
	int fd;
	bool reads;
};

static void *end_the_wait(void *arg)
{
	const struct other *other = arg;
	char bytes[4096];

	usleep(100000);
	if (other->reads) {
		if (read(other->fd, bytes, sizeof(bytes)) < 0)
			abort();
	} else if (write(other->fd, bytes_of(3), 1000) != 1000) {
		abort();
	}
	return NULL;
}

static void pipes_that_wait(void **state)
{
	int file = file_with("in", 1, IN_SIZE, O_RDWR | O_DIRECT);
	struct other other;
	pthread_t thread;
	off_t pos = 100;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	other = (struct other){ ends[1], false };
	assert_int_equal(pthread_create(&thread, NULL, end_the_wait, &other), 0);
	assert_int_equal(splice(ends[0], NULL, file, &pos, 5000, 0), 1000);
	pthread_join(thread, NULL);
	assert_true(file_holds("in", 100, bytes_of(3), 1000));
	while (splice(file, &pos, ends[1], NULL, 4095, SPLICE_F_NONBLOCK) > 0)
		;
	other = (struct other){ ends[0], true };
	assert_int_equal(pthread_create(&thread, NULL, end_the_wait, &other), 0);
	assert_true(splice(file, &pos, ends[1], NULL, 3000, 0) > 0);
	pthread_join(thread, NULL);
	close(ends[0]);
	close(ends[1]);
	close(file);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void a_signal_ends_the_wait(void **state)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	int file = file_with("in", 1, IN_SIZE, O_RDWR | O_DIRECT);
	off_t pos = 100;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	sigaction(SIGALRM, &action, NULL);
	/* Again and again: the first may come before the call waits. */
	ualarm(100000, 100000);
	errno = 0;
	assert_int_equal(splice(ends[0], NULL, file, &pos, 5000, 0), -1);
	assert_int_equal(errno, EINTR);
	ualarm(0, 0);
	assert_int_equal(pos, 100);
	close(ends[0]);
	close(ends[1]);
	close(file);
}

/* The pages of a pipe are not those that a later call uses. */
static void what_is_in_a_pipe_does_not_change(void **state)
{
	int in = file_with("in", 1, IN_SIZE, O_RDWR | O_DIRECT);
	unsigned char got[9000];
	off_t pos = 3;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(splice(in, &pos, ends[1], NULL, 9000, 0), 9000);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pwrite(in, bytes_of(9), 10001, 1), 10001);
		assert_int_equal(pread(in, got, sizeof(got), 77), sizeof(got));
	}
	assert_int_equal(read(ends[0], got, sizeof(got)), sizeof(got));
	assert_memory_equal(got, bytes_of(1) + 3, sizeof(got));
	close(ends[0]);
	close(ends[1]);
	close(in);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_file_goes_into_a_pipe),
	cmocka_unit_test(a_pipe_goes_into_a_file),
	cmocka_unit_test(whole_pages_of_a_pipe_are_direct),
	cmocka_unit_test(pipes_that_do_not_wait),
	cmocka_unit_test(pipes_that_wait),
	cmocka_unit_test(a_signal_ends_the_wait),
	cmocka_unit_test(what_is_in_a_pipe_does_not_change),
};

SUITE(pipes_suite, tests);

static int device_end(int flags)
{
	return file_with("device", 2, 200000, O_RDWR | flags);
}

static void devices_answer_as_ordinary_descriptors_do(void **state)
{
	static const struct {
		off_t in, out;
		size_t len;
	} copies[] = { { 0, 0, 8192 }, { 1, 0, 9000 }, { 0, 513, 70000 }, { 100, 4096, 140000 } };
	static unsigned char wanted[ROOM];
	const unsigned char *there;
	size_t size;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		for (int n = 0; n < 2; n++) {
			int in = i & 1 ? device_end(O_DIRECT * n)
				       : file_with("in", 1, IN_SIZE, O_RDONLY | O_DIRECT * n);
			int out = i & 1 ? file_with("out", 1, IN_SIZE, O_RDWR | O_DIRECT * n)
					: device_end(O_DIRECT * n);
			off_t pos = copies[i / 2].in;

			lseek(out, copies[i / 2].out, SEEK_SET);
			assert_int_equal(sendfile(out, in, &pos, copies[i / 2].len),
					 copies[i / 2].len);
			assert_int_equal(pos, copies[i / 2].in + (off_t)copies[i / 2].len);
			assert_int_equal(lseek(out, 0, SEEK_CUR),
					 copies[i / 2].out + (off_t)copies[i / 2].len);
			close(in);
			close(out);
			there = contents(i & 1 ? "out" : "device", 0, &size);
			if (n)
				assert_memory_equal(there, wanted, size);
			else
				memcpy(wanted, there, size);
		}
	}
}

static const struct CMUnitTest device_tests[] = {
	cmocka_unit_test(devices_answer_as_ordinary_descriptors_do),
	cmocka_unit_test(a_pipe_goes_into_a_device),
};

SUITE(device_suite, device_tests);
