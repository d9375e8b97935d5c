/* Handlers that interrupt misaligned I/O, and write, jump away or fork. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	/* No other signal is blocked, so that handlers interrupt each other. */
	sigemptyset(&action.sa_mask);
	must(!sigaction(number, &action, NULL));
}

/* --- handlers that write --- */

enum { SLOTS = 300, SLOT_SIZE = 1501 };

/* Records that a handler writes in turn to slots that meet inside sectors. */
static struct diary {
	struct spot spot;
	volatile unsigned count;
	volatile unsigned seed[SLOTS];
} diaries[2];

static void note(struct diary *d)
{
	unsigned char buffer[SLOT_SIZE + 2];
	unsigned n = d->count + 1;

	must(puts_data(d->spot, (off_t)(n % SLOTS) * SLOT_SIZE, n, SLOT_SIZE, buffer));
	/* Read the previous record: this needs a bounce buffer, and the call may hold one. */
	must(n == 1 ||
	     holds_data(d->spot, (off_t)((n - 1) % SLOTS) * SLOT_SIZE, n - 1, SLOT_SIZE, buffer));
	d->seed[n % SLOTS] = n;
	d->count = n;
}

static void on_usr1(int number)
{
	int saved = errno;

	(void)number;
	note(&diaries[0]);
	storm_handled();
	errno = saved;
}

static volatile sig_atomic_t alarms_wanted;

/* A one-shot timer, because on a slow disk a periodic one would leave no time for other work. */
static void set_alarm(void)
{
	const struct itimerval once = { .it_value.tv_usec = 400 };

	must(!setitimer(ITIMER_REAL, &once, NULL));
}

static void on_alarm(int number)
{
	int saved = errno;

	(void)number;
	note(&diaries[1]);
	if (alarms_wanted)
		set_alarm();
	errno = saved;
}

static void diary_is_right(struct diary *d)
{
	unsigned char buffer[SLOT_SIZE + 2];

	for (int slot = 0; slot < SLOTS; slot++)
		if (d->seed[slot])
			assert_true(holds_data(d->spot, (off_t)slot * SLOT_SIZE, d->seed[slot],
					       SLOT_SIZE, buffer));
	assert_true(still_direct(d->spot));
	assert_true(d->count > 100);
}

/* Returns whether to continue: until `end`, or up to PATIENCE longer if there is not enough yet. */
static bool go_on(double end, bool enough)
{
	return seconds_now() < (enough ? end : end + PATIENCE * scale);
}

static bool enough_noted(void)
{
	return diaries[0].count > 100 && diaries[1].count > 100;
}

static void handlers_that_write(void **state)
{
	struct spot s = spot_open(0);
	struct rng rng = { 2 };
	struct storm storm;
	double end = seconds_now() + 0.4 * scale;

	(void)state;
	memset(diaries, 0, sizeof(diaries));
	diaries[0].spot = spot_open(1);
	diaries[1].spot = spot_open(2);
	handle(SIGUSR1, on_usr1);
	handle(SIGALRM, on_alarm);
	storm_start(&storm, SIGUSR1);
	alarms_wanted = true;
	set_alarm();
	while (go_on(end, enough_noted()))
		assert_true(moves_data(s, (off_t)rng_between(&rng, 0, 99999),
				       (unsigned)rng_next(&rng), rng_between(&rng, 1, 140000)));
	alarms_wanted = false;
	handle(SIGALRM, SIG_IGN);
	storm_stop(&storm);
	handle(SIGUSR1, SIG_IGN);
	diary_is_right(&diaries[0]);
	diary_is_right(&diaries[1]);
	assert_true(still_direct(s));
	spot_close(diaries[0].spot);
	spot_close(diaries[1].spot);
	spot_close(s);
}

/* The spot where the handler writes into the same sector as the interrupted call. */
static struct spot contended;
static volatile unsigned intrusions;

static void on_usr1_intrude(int number)
{
	unsigned char buffer[110];
	int saved = errno;

	(void)number;
	must(puts_data(contended, 101, ++intrusions, 100, buffer));
	storm_handled();
	errno = saved;
}

static void handlers_that_write_beside(void **state)
{
	unsigned char buffer[310];
	struct storm storm;
	double end = seconds_now() + 0.4 * scale;
	unsigned seed = 0;

	(void)state;
	contended = spot_open(0);
	intrusions = 0;
	assert_true(moves_data(contended, 0, 0, 4096 + 7));
	handle(SIGUSR1, on_usr1_intrude);
	storm_start(&storm, SIGUSR1);
	while (go_on(end, intrusions > 100)) {
		assert_true(moves_data(contended, 1, ++seed, 100));
		assert_true(moves_data(contended, 201, ++seed, 300));
	}
	storm_stop(&storm);
	handle(SIGUSR1, SIG_IGN);
	assert_true(intrusions > 100);
	assert_true(holds_data(contended, 101, intrusions, 100, buffer));
	assert_true(holds_data(contended, 201, seed, 300, buffer));
	spot_close(contended);
}

/* --- handlers that jump away --- */

static sigjmp_buf landing;
static volatile sig_atomic_t may_jump;

static void on_usr1_jump(int number)
{
	(void)number;
	storm_handled();
	if (!may_jump)
		return;
	may_jump = 0;
	siglongjmp(landing, 1);
}

/* Makes a misaligned write of a single byte value. `way` selects the length and the call. */
static void fill(struct spot s, int way, unsigned char value)
{
	static unsigned char bytes[LONGEST + 2];
	size_t len = way % 3 == 0 ? 70001 : way % 3 == 1 ? 1500 : 77;
	struct iovec iov[2] = { { bytes + 1, len / 3 }, { bytes + 1 + len / 3, len - len / 3 } };
	bool ok;

	memset(bytes, value, sizeof(bytes));
	if (way % 2)
		ok = pwritev(s.fd, iov, 2, s.base + 300) == (ssize_t)len;
	else
		ok = pwrite(s.fd, bytes + 1, len, s.base + 300) == (ssize_t)len;
	must(ok);
}

static const size_t fill_lengths[] = { 70001, 1500, 77 };

/* Returns whether the handler jumped out of the call. */
static bool fill_and_jump(struct spot s, int way, unsigned char value)
{
	if (sigsetjmp(landing, 1))
		return true;
	may_jump = 1;
	fill(s, way, value);
	may_jump = 0;
	return false;
}

static void handlers_that_jump(void **state)
{
	struct spot s = spot_open(0);
	struct storm storm;
	unsigned jumps = 0;
	/* Many more than there are bounce buffers. If each jump lost one, none would be left. */
	unsigned enough = 300 * scale;
	double end = seconds_now() + PATIENCE * scale;

	(void)state;
	assert_true(moves_data(s, 0, 0, 100000));
	handle(SIGUSR1, on_usr1_jump);
	storm_start(&storm, SIGUSR1);
	for (unsigned n = 0; jumps < enough && seconds_now() < end; n++) {
		unsigned char old = (unsigned char)(n * 2);
		unsigned char new = (unsigned char)(old + 1);
		int way = (int)(n % 6);

		fill(s, way, old);
		jumps += fill_and_jump(s, way, new);
		must(still_direct(s));
		/* The call that was jumped out of has written all or nothing. */
		must(all_old_or_all_new(s, 300, fill_lengths[way % 3], old, new));
	}
	storm_stop(&storm);
	handle(SIGUSR1, SIG_IGN);
	assert_true(jumps > 100);
	crowd(1);
	spot_close(s);
}

/* --- handlers that fork --- */

static struct spot childs;
static volatile unsigned forks;

static void on_usr1_fork(int number)
{
	int saved = errno;
	int status;
	pid_t child;

	(void)number;
	child = fork();
	must(child >= 0);
	if (!child) {
		must(moves_data(childs, 3, forks, 100));
		must(moves_data(childs, 7, forks, 40001));
		_exit(0);
	}
	must(waitpid(child, &status, 0) == child && status == 0);
	forks++;
	storm_handled();
	errno = saved;
}

static void handlers_that_fork(void **state)
{
	struct spot s = spot_open(0);
	struct storm storm;
	unsigned seed = 0;
	double end = seconds_now() + PATIENCE * scale;

	(void)state;
	childs = spot_open(1);
	forks = 0;
	handle(SIGUSR1, on_usr1_fork);
	storm_start(&storm, SIGUSR1);
	while (forks < 40 * scale && seconds_now() < end)
		assert_true(moves_data(s, 77, seed++, 50001));
	storm_stop(&storm);
	handle(SIGUSR1, SIG_IGN);
	assert_true(forks > 20);
	crowd(1);
	spot_close(childs);
	spot_close(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(handlers_that_write),
	cmocka_unit_test(handlers_that_write_beside),
	cmocka_unit_test(handlers_that_jump),
	cmocka_unit_test(handlers_that_fork),
};

SUITE(handlers_suite, tests);
