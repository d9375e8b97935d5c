/*
 * Options, processes and rounds. See stress.h, and usage() below.
 */
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

/* Each round has a new file and a new layout, and ends with a check of the device. */
enum { ROUNDS_LEAST = 3, ROUND_SECONDS_MOST = 5 };

static double round_seconds(const struct options *o)
{
	double seconds = o->seconds / ROUNDS_LEAST;

	return seconds < ROUND_SECONDS_MOST ? seconds : ROUND_SECONDS_MOST;
}

int writers_under_shim(const struct options *o)
{
	return o->threads * o->processes;
}

int writers_in_all(const struct options *o)
{
	return writers_under_shim(o) + o->plain;
}

static void usage(void)
{
	die("usage: stress [--seconds N] [--threads N] [--processes N] [--plain N] [--seed S]\n"
	    "              [--size BYTES] [--extend | --block-device [--write-only]] PATH\n"
	    "PATH: a file or a block device; its contents are overwritten. There are up to %d\n"
	    "writers: the threads of --processes under the shim, and --plain processes without it.",
	    WRITERS_MAX);
}

static const struct option long_options[] = {
	{ "seconds", required_argument, NULL, 's' },   { "threads", required_argument, NULL, 't' },
	{ "processes", required_argument, NULL, 'p' }, { "plain", required_argument, NULL, 'b' },
	{ "seed", required_argument, NULL, 'r' },      { "size", required_argument, NULL, 'l' },
	{ "extend", no_argument, NULL, 'e' },	       { "block-device", no_argument, NULL, 'd' },
	{ "write-only", no_argument, NULL, 'w' },      { 0 },
};

static void parse_option(struct options *o, int letter)
{
	switch (letter) {
	case 's':
		o->seconds = atof(optarg);
		break;
	case 't':
		o->threads = atoi(optarg);
		break;
	case 'p':
		o->processes = atoi(optarg);
		break;
	case 'b':
		o->plain = atoi(optarg);
		break;
	case 'r':
		o->seed = strtoull(optarg, NULL, 0);
		break;
	case 'l':
		o->size = strtoul(optarg, NULL, 0);
		break;
	case 'e':
		o->extend = true;
		break;
	case 'd':
		o->block_device = true;
		break;
	case 'w':
		o->write_only = true;
		break;
	default:
		usage();
	}
}

static struct options parse(int argc, char **argv)
{
	struct options o = {
		.seconds = 2, .threads = 3, .processes = 3, .plain = 2, .seed = 1, .size = 1 << 18
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		parse_option(&o, letter);
	/* On devices the kernel has no lock that serializes processes, or buffered writers. */
	if (o.block_device) {
		o.threads *= o.processes;
		o.processes = 1;
		o.plain = 0;
	}
	if (optind != argc - 1 || o.threads < 1 || o.processes < 1 || o.plain < 0 ||
	    o.size < 65536 || (o.extend && o.block_device) || (o.write_only && !o.block_device) ||
	    writers_in_all(&o) > WRITERS_MAX)
		usage();
	o.path = argv[optind];
	return o;
}

/* Returns the smallest unit of direct I/O on the device or filesystem, for aligned neighbours. */
static size_t sector_of(const struct options *o)
{
	size_t sector = 0;
	int fd;

	if (o->block_device) {
		fd = open_direct(o, 0);
		if (ioctl(fd, BLKSSZGET, &sector))
			die("%s: %s", o->path, strerror(errno));
		close(fd);
		return sector;
	}
	fd = open_direct(o, O_CREAT | O_TRUNC);
	if (ftruncate(fd, 65536))
		die("%s: %s", o->path, strerror(errno));
	for (sector = 512; sector < 4096; sector *= 2) {
		void *bytes = page_memory(4096);

		/* Without the shim, the kernel refuses a unit that is too small. */
		if (raw_pwrite(fd, bytes, sector, (off_t)sector) == (ssize_t)sector)
			break;
	}
	close(fd);
	return sector;
}

/* New files begin in turn with all blocks written, with holes, and with preallocated blocks. */
static void prepare_file(struct arena *a, unsigned round)
{
	const struct options *o = &a->options;
	int fd;

	memset(a->expected, 0, a->size);
	if (unlink(o->path) && errno != ENOENT)
		die("%s: %s", o->path, strerror(errno));
	fd = open_direct(o, O_CREAT);
	if (!o->extend && (ftruncate(fd, (off_t)a->size) ||
			   (round % 3 == 2 && posix_fallocate(fd, 0, (off_t)a->size))))
		die("%s: %s", o->path, strerror(errno));
	close(fd);
}

static void prepare(struct arena *a, unsigned round)
{
	if (!a->options.block_device)
		prepare_file(a, round);
	if (a->options.extend || (!a->options.block_device && round % 3 != 0))
		return;
	for (size_t pos = 0; pos < a->size; pos++)
		a->expected[pos] = stress_byte(0, 0, pos);
	raw_write_file(a->options.path, a->expected, a->size);
}

static void find_own(struct writer *w)
{
	struct arena *a = w->arena;

	w->own = page_memory(a->range_count * sizeof(*w->own));
	for (size_t i = 0; i < a->range_count; i++)
		if (a->ranges[i].writer == w->id)
			w->own[w->own_count++] = &a->ranges[i];
}

static void writer_set_up(struct writer *w, struct arena *a, int id, enum way way, uint64_t seed)
{
	*w = (struct writer){ .arena = a, .id = id, .way = way };
	w->rng.state = mix64(seed + (uint64_t)id);
	w->buffer = page_memory(RANGE_LONGEST + 4096 * 2);
	find_own(w);
}

static void *thread_main(void *writer)
{
	struct writer *w = writer;
	const struct options *o = &w->arena->options;

	if (w->way == WAY_OWN || w->way == WAY_DSYNC)
		w->fd = open_direct(o, w->way == WAY_DSYNC ? O_DSYNC : 0);
	w->read_fd = o->write_only ? open(o->path, O_RDONLY | O_DIRECT | O_CLOEXEC) : w->fd;
	writer_run(w);
	return NULL;
}

static void shim_process(struct arena *a, const struct supply *supply, int number, uint64_t seed)
{
	const struct options *o = &a->options;
	int passed = supply_receive(supply);
	int shared = open_direct(o, 0);
	const int fds[WAYS] = { [WAY_SHARED] = shared,
				[WAY_DUP] = dup(shared),
				[WAY_INHERITED] = supply->inherited,
				[WAY_PASSED] = passed };
	struct writer writers[WRITERS_MAX];
	pthread_t threads[WRITERS_MAX];

	for (int t = 0; t < o->threads; t++) {
		int id = number * o->threads + t + 1;

		writer_set_up(&writers[t], a, id, (enum way)(id % WAY_PLAIN), seed);
		writers[t].fd = fds[writers[t].way];
		if (pthread_create(&threads[t], NULL, thread_main, &writers[t]))
			die("pthread_create: %s", strerror(errno));
	}
	for (int t = 0; t < o->threads; t++)
		pthread_join(threads[t], NULL);
}

static void plain_process(struct arena *a, int number, uint64_t seed)
{
	struct writer w;

	writer_set_up(&w, a, writers_under_shim(&a->options) + number + 1, WAY_PLAIN, seed);
	w.fd = open(a->options.path, O_RDWR | O_CLOEXEC);
	if (w.fd < 0)
		die("%s: %s", a->options.path, strerror(errno));
	writer_run(&w);
}

static void start_processes(struct arena *a, const struct supply *supply, uint64_t seed)
{
	const struct options *o = &a->options;

	for (int p = 0; p < o->processes; p++) {
		if (fork_child())
			continue;
		shim_process(a, supply, p, seed);
		_exit(0);
	}
	for (int p = 0; p < o->plain; p++) {
		if (fork_child())
			continue;
		plain_process(a, p, seed);
		_exit(0);
	}
}

static void *watcher_main(void *arena)
{
	watch_size(arena);
	return NULL;
}

static void play_round(struct arena *a, unsigned round)
{
	const struct options *o = &a->options;
	uint64_t seed = mix64(o->seed * 1000003 + round);
	struct supply supply;
	pthread_t watcher;
	int failed;

	layout(a, seed);
	prepare(a, round);
	a->started_end = a->completed_end = 0;
	a->over = false;
	a->deadline = seconds_now() + round_seconds(o);
	supply = supply_open(o);
	start_processes(a, &supply, seed);
	supply_send(&supply, o, o->processes);
	if (o->extend)
		pthread_create(&watcher, NULL, watcher_main, a);
	failed = wait_children(o->processes + o->plain);
	a->over = true;
	if (o->extend)
		pthread_join(watcher, NULL);
	supply_close(&supply);
	/* Otherwise verify() would report the unfinished write of a failed process as lost. */
	if (failed)
		found("%d of the processes failed", failed);
	verify(a);
}

int main(int argc, char **argv)
{
	struct options o = parse(argc, argv);
	struct arena *a = shared_memory(sizeof(*a) + o.size);
	double end = seconds_now() + o.seconds;
	unsigned rounds = 0;

	/* Fail if the test hangs. */
	alarm((unsigned)o.seconds * 2 + 60);
	a->options = o;
	a->sector = sector_of(&o);
	do {
		play_round(a, rounds++);
	} while (seconds_now() < end && !a->wrong);
	printf("stress: %u rounds, %d writers, %llu writes, %llu bytes, ", rounds,
	       writers_in_all(&o), (unsigned long long)a->writes, (unsigned long long)a->written);
	printf("%llu reads back, %llu bytes lost\n", (unsigned long long)a->reads,
	       (unsigned long long)a->wrong);
	/* If nothing was written, nothing was shown. */
	return a->wrong || !a->writes ? 1 : 0;
}
