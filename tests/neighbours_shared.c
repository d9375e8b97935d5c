/*
 * Threads and forked children use one description, each in its own pages. When a write returns, its
 * pages must be on the device, whatever the others do with the description at the same time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "neighbours.h"

enum {
	PROCESSES = 2,
	THREADS = 4,
	WRITERS = PROCESSES * THREADS,
	STRIPS = 4, /* for each writer, between those of the others */
	STRIP = 128 << 10,
	SIZE = WRITERS * STRIPS * STRIP,
	WHOLE = 64 << 10,
};

/* Memory that the processes share. */
static struct arena {
	_Atomic uint64_t aligned, looks, dirty, reads;
	double deadline;
	unsigned char expected[SIZE];
} * arena;

static struct place file;
static int shared;

struct writer {
	int id;
	const struct dirt *dirt;
	struct rng rng;
	unsigned char *buffer;
	unsigned generation;
};

struct range {
	size_t pos, len;
	bool aligned;
};

static struct range any_range(struct writer *w)
{
	size_t strip = rng_between(&w->rng, 0, STRIPS - 1) * WRITERS + (size_t)w->id;
	size_t at = strip * STRIP;
	size_t len;

	/* Two threads of each process are nearly always aligned. */
	if (w->id % THREADS >= 2 && !rng_one_in(&w->rng, 20))
		return (struct range){ at + rng_between(&w->rng, 0, 1) * WHOLE, WHOLE, true };
	len = rng_one_in(&w->rng, 4) ? 9000 : rng_one_in(&w->rng, 20) ? 70001 : 100;
	return (struct range){ at + (rng_between(&w->rng, 0, STRIP - len - 1) | 1), len, false };
}

static void write_range(struct writer *w, struct range r)
{
	unsigned char *bytes = w->buffer + (r.aligned ? 0 : rng_between(&w->rng, 0, 9));
	ssize_t done;
	unsigned dirty;

	w->generation++;
	for (size_t i = 0; i < r.len; i++)
		bytes[i] = (unsigned char)(w->generation * 37 + (unsigned)w->id * 11 + i);
	done = put_bytes(shared, bytes, r.len, (off_t)r.pos);
	checked(done == (ssize_t)r.len, "write of %zu bytes at %zu: %zd (%s)", r.len, r.pos, done,
		strerror(errno));
	dirty = dirt_in(w->dirt, r.pos, r.len);
	atomic_fetch_add(&arena->looks, w->dirt->known);
	atomic_fetch_add(&arena->dirty, dirty != 0);
	atomic_fetch_add(&arena->aligned, r.aligned);
	checked(!dirty, "%u pages of [%zu, %zu) (%s) were not on the device when the call returned",
		dirty, r.pos, r.pos + r.len, r.aligned ? "aligned" : "misaligned");
	memcpy(arena->expected + r.pos, bytes, r.len);
}

static void read_range(struct writer *w, struct range r)
{
	unsigned char *bytes = w->buffer + (r.aligned ? 0 : 3);
	ssize_t done = get_bytes(shared, bytes, r.len, (off_t)r.pos);

	atomic_fetch_add(&arena->reads, 1);
	checked(done == (ssize_t)r.len && !memcmp(bytes, arena->expected + r.pos, r.len),
		"read of %zu bytes at %zu: %zd, or other bytes than were written", r.len, r.pos,
		done);
}

static void *writer_main(void *writer)
{
	struct writer *w = writer;

	w->buffer = page_memory(STRIP);
	while (seconds_now() < arena->deadline) {
		struct range r = any_range(w);

		write_range(w, r);
		if (rng_one_in(&w->rng, 3))
			read_range(w, r);
		if (rng_one_in(&w->rng, 5))
			read_range(w, any_range(w));
	}
	page_memory_free(w->buffer, STRIP);
	return NULL;
}

static void process_main(int number)
{
	struct dirt dirt = dirt_open(file.path, SIZE);
	struct writer writers[THREADS];
	struct crew crew = { .count = 0 };

	for (int t = 0; t < THREADS; t++) {
		int id = number * THREADS + t;

		writers[t] = (struct writer){ .id = id,
					      .dirt = &dirt,
					      .rng = { mix64(scene.seed * 100 + (uint64_t)id) } };
		crew_add(&crew, writer_main, &writers[t]);
	}
	crew_wait(&crew);
	dirt_close(&dirt);
}

void mode_shared(void)
{
	struct dirt dirt;
	unsigned dirty;

	arena = shared_memory(sizeof(*arena));
	file = place_of("shared");
	prepare_file(file.path, arena->expected, SIZE);
	shared = open_direct(file.path, 0);
	arena->deadline = seconds_now() + scene.seconds;
	fork_crew(scene.processes, process_main);
	check_direct_flag(shared, "at the end");
	dirt = dirt_open(file.path, SIZE);
	dirty = dirt_in(&dirt, 0, SIZE);
	checked(!dirty, "%u pages are not on the device at the end", dirty);
	check_fsync(file.path);
	check_bytes(file.path, arena->expected, SIZE);
	exercised("aligned writes", arena->aligned);
	exercised("reads", arena->reads);
	if (dirt.known) {
		exercised("checks for dirty pages", arena->looks);
		printf("  writes that returned before their pages were on the device: %llu\n",
		       (unsigned long long)arena->dirty);
	} else {
		puts("  the state of pages is not known here");
	}
	dirt_close(&dirt);
	close(shared);
	page_memory_free(arena, sizeof(*arena));
}
