/* From a direct file to a stream socket: sendfile(2). */
#include "copies.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/time.h>

enum { LEN = 700001, POS = 3 };

struct reader {
	int fd;
	useconds_t delay;  /* before it begins */
	atomic_bool waits; /* it does not begin as long as this is set */
	size_t got;
	unsigned char bytes[ROOM];
};

static void *read_all(void *arg)
{
	struct reader *r = arg;
	sigset_t all;
	ssize_t n;

	/* Signals are for the thread that sends. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	usleep(r->delay);
	while (atomic_load(&r->waits))
		usleep(1000);
	while (n = read(r->fd, r->bytes + r->got, ROOM - r->got), n > 0)
		r->got += (size_t)n;
	return NULL;
}

static struct reader reader;
static pthread_t thread;

static int start_reader(useconds_t delay)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	reader.fd = ends[0];
	reader.delay = delay;
	reader.got = 0;
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	return ends[1];
}

static int start_waiting_reader(void)
{
	atomic_store(&reader.waits, true);
	return start_reader(0);
}

static void let_it_read(void)
{
	atomic_store(&reader.waits, false);
}

/* All that was sent must have arrived, in order. */
static void end_reader(int to, size_t len)
{
	close(to);
	pthread_join(thread, NULL);
	close(reader.fd);
	assert_int_equal(reader.got, len);
	assert_memory_equal(reader.bytes, bytes_of(1) + POS, len);
}

static int big_file(void)
{
	return file_with("in", 1, LEN + POS, O_RDWR | O_DIRECT);
}

static void a_socket_takes_all_of_it(void **state)
{
	int in = big_file();
	off_t pos = POS;
	int to;

	(void)state;
	to = start_reader(50000);
	errno = 77;
	assert_int_equal(sendfile(to, in, &pos, ROOM), LEN);
	assert_int_equal(errno, 77);
	assert_int_equal(pos, POS + LEN);
	end_reader(to, LEN);
	to = start_reader(50000);
	lseek(in, POS, SEEK_SET);
	assert_int_equal(sendfile(to, in, NULL, LEN), LEN);
	assert_int_equal(lseek(in, 0, SEEK_CUR), POS + LEN);
	assert_int_equal(sendfile(to, in, NULL, LEN), 0);
	end_reader(to, LEN);
	close(in);
}

/* The kernel sends two whole parts and refuses the third, which is misaligned. */
static void a_short_count_of_the_kernel_is_completed(void **state)
{
	int in = big_file();
	int to = start_reader(0);
	unsigned char got[POS];

	(void)state;
	assert_int_equal(pread(in, got, POS, 1), POS);
	assert_int_equal(sendfile(to, in, NULL, 2 * 65536 + 1000), 2 * 65536 + 1000);
	assert_int_equal(lseek(in, 0, SEEK_CUR), 2 * 65536 + 1000);
	close(to);
	pthread_join(thread, NULL);
	close(reader.fd);
	assert_int_equal(reader.got, 2 * 65536 + 1000);
	assert_memory_equal(reader.bytes, bytes_of(1), reader.got);
	close(in);
}

static void only_what_was_sent_is_passed(void **state)
{
	int in = big_file();
	int to = start_waiting_reader();
	off_t pos = POS;
	size_t shorts = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(fcntl(to, F_SETFL, O_NONBLOCK), 0);
	while (pos < POS + LEN) {
		off_t before = pos;

		n = sendfile(to, in, &pos, LEN);
		assert_int_equal(pos, before + (n > 0 ? n : 0));
		shorts += n < LEN;
		if (n >= 0)
			continue;
		assert_int_equal(errno, EAGAIN);
		let_it_read();
		usleep(1000);
	}
	assert_true(shorts > 1);
	end_reader(to, LEN);
	close(in);
}

static volatile sig_atomic_t alarm_lets_it_read;

static void on_alarm(int signal)
{
	(void)signal;
	if (alarm_lets_it_read)
		let_it_read();
}

/* Again and again: the first may come before the call waits. */
static void alarm_in(useconds_t time, int flags)
{
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };

	sigaction(SIGALRM, &action, NULL);
	ualarm(time, time);
}

static void a_signal_ends_the_wait(void **state)
{
	int in = big_file();
	int to = start_waiting_reader();
	off_t pos = POS;
	ssize_t n, more;

	(void)state;
	alarm_in(100000, 0);
	n = sendfile(to, in, &pos, LEN);
	assert_in_range(n, 1, LEN - 1);
	assert_int_equal(pos, POS + n);
	/* Nothing fits any more. */
	alarm_in(100000, 0);
	more = sendfile(to, in, &pos, LEN - (size_t)n);
	assert_true(more > 0 || errno == EINTR);
	assert_int_equal(pos, POS + n + (more > 0 ? more : 0));
	/* A handler with SA_RESTART does not end it, if nothing was sent. */
	n = pos - POS;
	alarm_lets_it_read = 1;
	alarm_in(100000, SA_RESTART);
	while (n < LEN) {
		more = sendfile(to, in, &pos, (size_t)(LEN - n));
		assert_true(more > 0);
		n += more;
	}
	ualarm(0, 0);
	end_reader(to, LEN);
	close(in);
}

static void a_timeout_ends_the_wait(void **state)
{
	const struct timeval soon = { .tv_usec = 100000 };
	int in = big_file();
	int to = start_waiting_reader();
	off_t pos = POS;
	ssize_t n;

	(void)state;
	assert_int_equal(setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)), 0);
	n = sendfile(to, in, &pos, LEN);
	assert_in_range(n, 1, LEN - 1);
	assert_int_equal(pos, POS + n);
	let_it_read();
	end_reader(to, (size_t)n);
	close(in);
}

static void a_broken_socket_is_reported(void **state)
{
	int in = big_file();
	off_t pos = POS;
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	close(ends[0]);
	errno = 0;
	assert_int_equal(sendfile(ends[1], in, &pos, LEN), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(pos, POS);
	close(ends[1]);
	close(in);
}

struct sender {
	int in, to;
};

static void *send_all(void *arg)
{
	const struct sender *s = arg;
	off_t pos = POS;

	return (void *)(intptr_t)sendfile(s->to, s->in, &pos, LEN);
}

/* A thread that waits for a socket holds nothing that others need, not even its number. */
static void others_go_on_while_a_socket_is_full(void **state)
{
	struct sender s = { .in = big_file() };
	pthread_t sender;
	int copy, there = 0;
	void *sent;

	(void)state;
	s.to = start_waiting_reader();
	copy = dup(s.in);
	assert_int_equal(pthread_create(&sender, NULL, send_all, &s), 0);
	while (!there)
		assert_int_equal(ioctl(reader.fd, FIONREAD, &there), 0);
	usleep(100000);
	/* If they had to wait for the sender, this would be for ever. */
	signal(SIGALRM, SIG_DFL);
	alarm(60);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pwrite(copy, bytes_of(1) + LEN - 5, 5, LEN - 5), 5);
	assert_int_equal(fcntl(copy, F_SETFL, O_DIRECT), 0);
	assert_int_equal(close(dup(copy)), 0);
	alarm(0);
	let_it_read();
	pthread_join(sender, &sent);
	assert_int_equal((intptr_t)sent, LEN);
	end_reader(s.to, LEN);
	close(s.in);
	close(copy);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_socket_takes_all_of_it),
	cmocka_unit_test(a_short_count_of_the_kernel_is_completed),
	cmocka_unit_test(only_what_was_sent_is_passed),
	cmocka_unit_test(a_signal_ends_the_wait),
	cmocka_unit_test(a_timeout_ends_the_wait),
	cmocka_unit_test(a_broken_socket_is_reported),
	cmocka_unit_test(others_go_on_while_a_socket_is_full),
};

SUITE(sockets_suite, tests);
