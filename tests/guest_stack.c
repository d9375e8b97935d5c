/* The shim needs less than 2 KiB of stack. */
#include "guest.h"
#include "raw.h"

#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { LEN = 10001, STACK = 256 * 1024, PAINT = 0xa5, GAP = 512, LIMIT = 2048 };

static unsigned char thread_space[ODD_BYTES_MAX + 8] __attribute__((aligned(4096)));
static struct iovec many[IOV_MAX];

static void *write_with_little_stack(void *fd)
{
	use_space(thread_space);
	must(moves_data(*(int *)fd, 7, 1, LEN));
	must(moves_data(*(int *)fd, 4096, 2, 65536));
	must(write(*(int *)fd, odd_bytes(3, LEN), LEN) == LEN);
	return NULL;
}

static void the_smallest_thread_can_write(void **state)
{
	int fd = open_direct("small");
	pthread_attr_t attr;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN), 0);
	assert_int_equal(pthread_create(&thread, &attr, write_with_little_stack, &fd), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	close(fd);
}

struct measured {
	int fd;
	unsigned char *low;
	void (*call)(int fd);
	size_t used;
};

/*
 * Fills the stack below this frame with a pattern, makes the call, and finds how far down the
 * pattern has been overwritten. The gap holds this frame's own variables. `p` is volatile, or the
 * compiler would make the loop a call of memset(), whose own frame is in the way.
 */
static void *measure(void *arg)
{
	struct measured *m = arg;
	unsigned char *here = __builtin_frame_address(0);
	volatile unsigned char *p;

	m->call(m->fd); /* so that lazy binding has happened before the measurement */
	for (p = m->low; p < here - GAP; p++)
		*p = PAINT;
	m->call(m->fd);
	for (p = m->low; *p == PAINT;)
		p++;
	m->used = (size_t)(here - p);
	return NULL;
}

static size_t stack_used_by(void (*call)(int fd), int fd)
{
	struct measured m = {
		fd, mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		call, 0
	};
	pthread_attr_t attr;
	pthread_t thread;

	assert_ptr_not_equal(m.low, MAP_FAILED);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstack(&attr, m.low, STACK), 0);
	assert_int_equal(pthread_create(&thread, &attr, measure, &m), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attr);
	munmap(m.low, STACK);
	return m.used;
}

static void raw_call(int fd)
{
	must(raw_syscall(SYS_pwrite64, fd, thread_space, 8192, 0) == 8192);
}

static void write_wrong_address(int fd)
{
	must(pwrite(fd, thread_space + 3, 8192, 0) == 8192);
}

static void read_wrong_address(int fd)
{
	must(pread(fd, thread_space + 3, 8192, 0) == 8192);
}

static void write_odd_range(int fd)
{
	must(pwrite(fd, thread_space + 3, LEN, 77) == LEN);
}

static void read_odd_range(int fd)
{
	must(pread(fd, thread_space + 3, 8001, 77) == 8001);
}

static void write_at_odd_position(int fd)
{
	must(lseek(fd, 77, SEEK_SET) == 77);
	must(write(fd, thread_space, LEN) == LEN);
}

static void write_many_pieces(int fd)
{
	must(pwritev(fd, many, IOV_MAX, 77) == IOV_MAX * 5);
}

static void read_many_pieces(int fd)
{
	must(preadv(fd, many, IOV_MAX, 77) == IOV_MAX * 5);
}

static void copy_odd_range(int fd)
{
	off_t pos = 1;

	must(lseek(fd, 20077, SEEK_SET) == 20077);
	must(sendfile(fd, fd, &pos, 8001) == 8001);
}

static int ends[2];

static void copy_through_a_pipe(int fd)
{
	off_t in = 1, out = 30077;

	must(splice(fd, &in, ends[1], NULL, 8001, 0) == 8001);
	must(splice(ends[0], NULL, fd, &out, 8001, 0) == 8001);
}

static void a_call_needs_less_than_2_kib_of_stack(void **state)
{
	void (*const calls[])(
		int) = { write_wrong_address, read_wrong_address,    write_odd_range,
			 read_odd_range,      write_at_odd_position, write_many_pieces,
			 read_many_pieces,    copy_odd_range,	     copy_through_a_pipe };
	int fd = open_direct("stack");
	size_t raw = stack_used_by(raw_call, fd);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (size_t n = 0; n < IOV_MAX; n++)
		many[n] = (struct iovec){ thread_space + 8 * n + 1, 5 };
	for (size_t n = 0; n < sizeof(calls) / sizeof(calls[0]); n++) {
		size_t used = stack_used_by(calls[n], fd);

		print_message("# call %zu: %zu bytes of stack more than a raw system call\n", n,
			      used - raw);
		assert_true(used - raw < LIMIT);
	}
	close(fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_smallest_thread_can_write),
	cmocka_unit_test(a_call_needs_less_than_2_kib_of_stack),
};

SUITE(stack_suite, tests);
