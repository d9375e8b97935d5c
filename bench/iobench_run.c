/* Batches: threads, clocks and results. */
#include "iobench.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_barrier_t started, ended;
static _Atomic uint64_t met __attribute__((aligned(APART)));
static struct batch current __attribute__((aligned(APART)));

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Makes a call and counts its bytes. Returns false if it failed or was the last. */
static bool one_call(struct worker *w)
{
	ssize_t ret = w->setup->op->once(w);

	/* A known cost for comparison: a counter that all threads share. */
	if (w->setup->meet)
		atomic_fetch_add(&met, 1);
	if (ret >= 0) {
		w->bytes += ret;
		w->ops++;
		return true;
	}
	if (ret != NO_MORE)
		w->error = errno;
	return false;
}

static void calls_timed(struct worker *w, uint64_t start)
{
	uint64_t before = start;
	uint64_t deadline = current.ns > UINT64_MAX - start ? UINT64_MAX : start + current.ns;

	while (w->ops < current.count && before < deadline && one_call(w)) {
		uint64_t after = now_ns();

		if (w->times_count < TIMES_MOST)
			w->times[w->times_count++] = after - before;
		before = after;
	}
}

static void calls_untimed(struct worker *w)
{
	while (w->ops < current.count && one_call(w))
		;
}

static void run_one(struct worker *w)
{
	uint64_t start = now_ns();

	if (w->setup->timed)
		calls_timed(w, start);
	else
		calls_untimed(w);
	if (!w->error && worker_finish(w))
		w->error = errno;
	w->started = start;
	w->elapsed = now_ns() - start;
}

/* Touches the stack at the start, so that a deeper call does not show as more memory. */
static void touch_stack(void)
{
	volatile char deep[STACK_TOUCHED];

	for (size_t i = 0; i < sizeof(deep); i += PAGE / 4)
		deep[i] = 0;
}

/* Binds each thread to one of the CPUs that the process may use, in turn. */
static void spread(const struct worker *w)
{
	cpu_set_t set;
	unsigned left;

	if (!w->setup->spread || sched_getaffinity(0, sizeof(set), &set))
		return;
	left = w->index % CPU_COUNT(&set);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !left--)
			pin(cpu);
}

/* Prints the address range of the thread's stack, for shared.py. */
static void show_stack(const struct setup *s)
{
	pthread_attr_t attr;
	void *start;
	size_t size;

	if (!s->stacks || pthread_getattr_np(pthread_self(), &attr))
		return;
	if (!pthread_attr_getstack(&attr, &start, &size))
		fprintf(stderr, "stack %p %p\n", start, (void *)((char *)start + size));
	pthread_attr_destroy(&attr);
}

static void *thread_main(void *arg)
{
	touch_stack();
	show_stack(((struct worker *)arg)->setup);
	spread(arg);
	for (;;) {
		pthread_barrier_wait(&started);
		run_one(arg);
		pthread_barrier_wait(&ended);
	}
	return NULL;
}

/* The threads live for all batches, so that caches stay warm, as in a real program. */
static void start_threads(struct worker *workers, unsigned count)
{
	pthread_t id;

	if (pthread_barrier_init(&started, NULL, count + 1) ||
	    pthread_barrier_init(&ended, NULL, count + 1))
		die("pthread_barrier_init failed");
	for (unsigned i = 0; i < count; i++)
		if (pthread_create(&id, NULL, thread_main, &workers[i]))
			die("cannot start %u threads", count);
}

/* Touches the memory, because more calls must not show as more memory. */
static uint64_t *room_for_times(void)
{
	uint64_t *times = aligned_alloc(PAGE, TIMES_MOST * sizeof(*times));

	if (!times)
		die("no memory");
	memset(times, 1, TIMES_MOST * sizeof(*times));
	return times;
}

void run_start(struct worker *workers, const struct setup *s)
{
	show_stack(s);
	for (unsigned i = 0; i < s->threads; i++) {
		workers[i].setup = s;
		workers[i].index = i;
		if (s->timed)
			workers[i].times = room_for_times();
		worker_prepare(&workers[i]);
	}
	touch_stack();
	if (s->threads > 1)
		start_threads(workers, s->threads);
}

void run_batch(struct worker *workers, const struct setup *s, const struct batch *b)
{
	for (unsigned i = 0; i < s->threads; i++) {
		struct worker *w = &workers[i];

		w->ops = w->bytes = w->times_count = 0;
		w->error = 0;
		worker_begin(w);
	}
	current = *b;
	if (s->threads == 1) {
		run_one(workers);
	} else {
		pthread_barrier_wait(&started);
		pthread_barrier_wait(&ended);
	}
	for (unsigned i = 0; i < s->threads; i++)
		worker_end(&workers[i]);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Returns all threads' times in one sorted array, which the caller frees. */
static uint64_t *all_times(const struct worker *workers, unsigned threads, size_t *count)
{
	uint64_t *all;

	*count = 0;
	for (unsigned i = 0; i < threads; i++)
		*count += workers[i].times_count;
	all = malloc((*count + 1) * sizeof(*all));
	if (!all)
		die("no memory");
	*count = 0;
	for (unsigned i = 0; i < threads; i++) {
		memcpy(all + *count, workers[i].times, workers[i].times_count * sizeof(*all));
		*count += workers[i].times_count;
	}
	qsort(all, *count, sizeof(*all), compare);
	return all;
}

static void print_percentiles(const struct worker *workers, unsigned threads)
{
	size_t count;
	uint64_t *all = all_times(workers, threads, &count);

	if (count)
		printf(", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64, all[count / 2],
		       all[count - 1 - count / 100]);
	free(all);
}

/* Prints the calls of each thread, which show how fair it was. */
static void print_threads(const struct worker *workers, unsigned threads)
{
	if (threads == 1)
		return;
	printf(", \"thread_ops\": [%" PRIu64, workers[0].ops);
	for (unsigned i = 1; i < threads; i++)
		printf(", %" PRIu64, workers[i].ops);
	putchar(']');
}

static bool print_error(const struct worker *workers, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++)
		if (workers[i].error) {
			printf("{\"error\": \"%s\"}\n", strerror(workers[i].error));
			return true;
		}
	return false;
}

/* Returns the time from the first thread's start to the last one's end, in ns. */
static uint64_t whole_time(const struct worker *workers, unsigned threads)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (unsigned i = 0; i < threads; i++) {
		uint64_t end = workers[i].started + workers[i].elapsed;

		first = workers[i].started < first ? workers[i].started : first;
		last = end > last ? end : last;
	}
	return last - first;
}

/*
 * ns_per_op is the time per call of all threads together: one over the sum of their rates. In a
 * timed batch the threads end within one call of each other, and the wait for the last one is not
 * counted. With --untimed it is the whole time, because threads that ran one after the other would
 * seem fast.
 */
void print_result(struct worker *workers, const struct setup *s)
{
	uint64_t ops = 0, bytes = 0, elapsed = 0;
	double rate = 0;

	if (!print_error(workers, s->threads)) {
		for (unsigned i = 0; i < s->threads; i++) {
			ops += workers[i].ops;
			bytes += workers[i].bytes;
			elapsed = workers[i].elapsed > elapsed ? workers[i].elapsed : elapsed;
			rate += workers[i].ops / (workers[i].elapsed + 1.0);
		}
		if (!s->timed)
			rate = ops / (whole_time(workers, s->threads) + 1.0);
		printf("{\"ops\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"elapsed_ns\": %" PRIu64
		       ", \"ns_per_op\": %.3f",
		       ops, bytes, elapsed, rate > 0 ? 1 / rate : 0);
		print_percentiles(workers, s->threads);
		print_threads(workers, s->threads);
		puts("}");
	}
	fflush(stdout);
}
